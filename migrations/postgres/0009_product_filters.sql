-- Filters of the product list: by product type, and by whether the working copy is what shoppers see.

-- Whether a product has unpublished changes, of its own or of a variant. Kept by every commit that may change it.
alter table products add column pending boolean not null default true;
update products set pending = status <> 'published' or staged or exists (
    select 1 from variants v where v.product_id = products.id and v.staged and v.deleted_at is null);

create index products_by_type_update on products (product_type_id, updated_at, id) where deleted_at is null;
create index products_by_pending on products (pending, id) where deleted_at is null;
create index products_by_pending_update on products (pending, updated_at, id) where deleted_at is null;
