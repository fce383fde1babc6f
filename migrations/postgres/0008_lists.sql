-- Lists in the order of positions: the children of a category, and the variants of a product.

create index categories_by_position on categories (parent_id, position, id);
create index variants_by_position on variants (product_id, position, id);
