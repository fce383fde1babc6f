-- What erasing a product asks: who names it, and what its variants cost.

-- Which product or variant names which product, by a relation or an attribute; deleted ones too, which may come back.
create table product_uses (
    target_id text not null,
    owner     text not null,
    primary key (owner, target_id)
) strict, without rowid;

create index product_uses_by_target on product_uses (target_id);

insert into product_uses (target_id, owner)
    select e.value ->> '$.product', p.id from products p, json_each(p.data, '$.relations') e
    union select a.value ->> '$.product', o.id
    from (select id, data from products union all select id, data from variants) o,
        json_each(o.data, '$.attributes') a
    where json_type(a.value, '$.product') = 'text'
    union select s.value ->> '$.product', o.id
    from (select id, data from products union all select id, data from variants) o,
        json_each(o.data, '$.attributes') a, json_each(a.value, '$.set') s
    where json_type(s.value, '$.product') = 'text';

-- All prices, deleted ones too, which their variants keep.
create index prices_of_variant on prices (variant_id);
