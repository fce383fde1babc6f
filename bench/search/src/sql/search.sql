-- $1 words, $2 category, $3 seasons, $4 colours, $5 and $6 least and greatest price; null where it is all the same.
with matched as materialized (
    select
        p.number, p.created, p.brand, p.categories, p.attributes ->> 'material' as material, {rank} as rank,
        $2::int is null or p.categories @> array[$2::int] as in_category
    from product p, to_tsquery('english', $1) as q (words)
    where p.words @@ q.words and ($3::text[] is null or p.attributes ->> 'season' = any ($3::text[]))
),
offered as materialized (
    select
        m.number, m.in_category, v.price, v.colour, v.size,
        $4::text[] is null or v.colour = any ($4::text[]) as has_colour,
        $5::bigint is null or v.price between $5::bigint and $6::bigint as has_price
    from matched m join variant v on v.product = m.number
),
whole as materialized (
    select number, min(price) as price from offered where in_category and has_colour and has_price group by number
),
hits as (
    select m.number, row_number() over (order by {order}) as place
    from whole w join matched m using (number)
    order by {order}
    limit {page}
)
(select 'hit' as what, number::text as value, place as products, null::bigint as other from hits order by place)
union all
select 'total', null, count(*), null from whole
union all
(
    select 'brand', m.brand, count(*), null from whole join matched m using (number)
    group by m.brand order by count(*) desc, m.brand limit 20
)
union all
select 'category', category::text, count(*), null
from matched m, unnest(m.categories) as category
where exists (select from offered o where o.number = m.number and o.has_colour and o.has_price)
group by category
union all
(
    select 'material', m.material, count(*), null from whole join matched m using (number)
    group by m.material order by count(*) desc, m.material limit 30
)
union all
(
    select 'colour', colour, count(*), null
    from (select distinct number, colour from offered where in_category and has_price) as one
    group by colour order by count(*) desc, colour limit 30
)
union all
(
    select 'size', size, count(*), null
    from (select distinct number, size from offered where in_category and has_colour and has_price) as one
    group by size order by count(*) desc, size limit 40
)
union all
select 'price', min(least)::text, count(*), max(greatest)
from (
    select min(price) as least, max(price) as greatest
    from offered where in_category and has_colour group by number
) as one
