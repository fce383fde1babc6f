-- Lists in the order of positions: the children of a category, and the variants of a product.

create index categories_by_position on categories (parent_id, position, id);
create index variants_by_position on variants (product_id, position, id);

-- The filter by the time of creation.
create index products_by_creation on products (created_at, id) where deleted_at is null;
