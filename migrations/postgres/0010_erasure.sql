-- What erasing a product asks: who names it, and what its variants cost.

-- Which product or variant names which product, by a relation or an attribute; deleted ones too, which may come back.
create table product_uses (
    target_id uuid not null,
    owner     uuid not null,
    primary key (owner, target_id)
);

create index product_uses_by_target on product_uses (target_id);

insert into product_uses (target_id, owner)
    select (e ->> 'product')::uuid, p.id from products p, jsonb_array_elements(p.data -> 'relations') e
    union select (u #>> '{}')::uuid, o.id
    from (select id, data from products union all select id, data from variants) o,
        lateral (select jsonb_path_query(o.data, '$.attributes.*.product') as u
            union all select jsonb_path_query(o.data, '$.attributes.*.set[*].product')) named;

-- All prices, deleted ones too, which their variants keep.
create index prices_of_variant on prices (variant_id);
