#!/usr/bin/env bash
# A merchant's first day, with nothing but curl and jq: two channels, three locales, two currencies, a product type with
# ten attributes, a product with 24 variants, and a sale for one customer group that starts while we watch. Every step
# is checked, and found again in the history.
#
#   TOKEN=$(vitrine token --scope catalog:admin --ttl 1h) examples/merchant.sh http://127.0.0.1:8080
set -euo pipefail

ORIGIN=${1:-http://127.0.0.1:8080}
: "${TOKEN:?set TOKEN to a token with the scope catalog:admin}"
RUN=$(jq -nr 'now * 1000 | floor | tostring')
BODY=$(mktemp)
trap 'rm -f "$BODY"' EXIT

# call STATUS METHOD PATH [JSON]: sends the request, expects the status, prints the body.
call() {
  local status type=application/json
  [ "$2" = PATCH ] && type=application/merge-patch+json
  status=$(curl -sS -o "$BODY" -w '%{http_code}' -X "$2" "$ORIGIN$3" \
    -H "Authorization: Bearer $TOKEN" ${4:+-H "Content-Type: $type" -d "$4"})
  if [ "$status" != "$1" ]; then
    echo "$2 $3 answered $status, not $1: $(head -c 2000 "$BODY")" >&2
    exit 1
  fi
  cat "$BODY"
}

# same WHAT EXPECTED ACTUAL
same() {
  if [ "$2" != "$3" ]; then
    echo "$1: expected $2, got $3" >&2
    exit 1
  fi
  echo "ok: $1 ($3)"
}

WEB=web-$RUN SHOP=shop-$RUN TYPE=shirt-$RUN PRODUCT=tee-$RUN SALE=members-$RUN

call 201 POST /v1/channels '{"key": "'"$WEB"'", "name": {"en": "Web", "de": "Web"},
  "locales": ["en", "de", "fr"], "defaultLocale": "en", "fallbacks": {"fr": "de"},
  "currencies": ["EUR", "CHF"], "defaultCurrency": "EUR", "countries": ["DE", "CH", "FR"]}' > /dev/null
call 201 POST /v1/channels '{"key": "'"$SHOP"'", "name": "Zurich", "locales": ["de"], "currencies": ["CHF"]}' > /dev/null
echo "ok: two channels, three locales, two currencies"

call 201 POST /v1/product-types '{"key": "'"$TYPE"'", "name": {"en": "Shirt", "de": "Hemd"},
  "optionAttributes": ["size", "colour"],
  "attributes": [
    {"key": "size", "name": "Size", "type": "enum", "level": "variant",
     "options": [{"value": "S"}, {"value": "M"}, {"value": "L"}, {"value": "XL"}]},
    {"key": "colour", "name": "Colour", "type": "text", "level": "variant"},
    {"key": "fabric", "name": "Fabric", "type": "text", "localizable": true, "required": "onPublish"},
    {"key": "care", "name": "Care", "type": "text", "set": true},
    {"key": "grammage", "name": "Grammage", "type": "decimal", "min": "50", "max": "400"},
    {"key": "length", "name": "Length", "type": "measure", "unitFamily": "length"},
    {"key": "organic", "name": "Organic", "type": "boolean"},
    {"key": "launched", "name": "Launched", "type": "date"},
    {"key": "pieces", "name": "Pieces", "type": "integer", "min": 1},
    {"key": "sizeChart", "name": "Size chart", "type": "url"}
  ]}' > /dev/null
same "a type with ten attributes" 10 "$(call 200 GET "/v1/product-types/key:$TYPE" | jq '.attributes | length')"
same "its JSON Schema" "https://json-schema.org/draft/2020-12/schema" \
  "$(call 200 GET "/v1/product-types/key:$TYPE/schema" | jq -r '."$schema"')"

call 201 POST /v1/products '{"key": "'"$PRODUCT"'", "productType": "key:'"$TYPE"'",
  "name": {"en": "Harbour tee '"$RUN"'", "de": "Hafenhemd '"$RUN"'"},
  "channels": [{"channel": "key:'"$WEB"'"}, {"channel": "key:'"$SHOP"'"}],
  "attributes": {"care": ["cold wash", "no bleach"], "grammage": "180.5", "length": {"value": "0.72", "unit": "m"},
    "organic": true, "launched": "2026-03-01", "pieces": 1, "sizeChart": "https://example.com/sizes"}}' > /dev/null
MADE=$(call 200 POST "/v1/products/key:$PRODUCT/variants/generate" '{"skuTemplate": "TEE-'"$RUN"'-{size}-{colour}",
  "axes": {"size": ["S", "M", "L", "XL"], "colour": ["Red", "Blue", "Green", "Black", "White", "Sand"]}}')
same "24 variants" 24 "$(jq '.created | length' <<< "$MADE")"
SKU=$(jq -r '.created[0].sku' <<< "$MADE")

LINES() { # PRICE CURRENCY [MORE]: a line for every variant
  jq -c --arg amount "$1" --arg currency "$2" --argjson more "${3:-{\}}" \
    '{lines: [.created[] | {variant: .id, currency: $currency, amount: $amount} + $more]}' <<< "$MADE"
}
call 200 PUT /v1/price-lists/key:base/prices "$(LINES 29.90 EUR)" > /dev/null
call 200 PUT /v1/price-lists/key:base/prices "$(LINES 32.50 CHF)" > /dev/null
call 201 POST /v1/price-lists '{"key": "'"$SALE"'", "name": "Members", "priority": 10,
  "conditions": {"customerGroups": ["members"]}}' > /dev/null

same "publishing names what is missing" "/attributes/fabric required" "$(call 422 POST "/v1/products/key:$PRODUCT/publish" |
  jq -r '.errors[] | .pointer + " " + .code')"
call 200 PATCH "/v1/products/key:$PRODUCT" '{"attributes": {"fabric": {"en": "Cotton", "de": "Baumwolle"}}}' > /dev/null
call 404 GET "/v1/store/$WEB/products/key:$PRODUCT" > /dev/null
call 200 POST "/v1/products/key:$PRODUCT/publish" > /dev/null
same "shoppers read it in French, by way of German" "Hafenhemd $RUN" \
  "$(call 200 GET "/v1/store/$WEB/products/key:$PRODUCT?locale=fr" | jq -r .name)"

# The sale starts in three seconds, to the microsecond.
START=$(jq -nr 'now + 3 | todate')
call 200 PUT "/v1/price-lists/key:$SALE/prices" \
  "$(LINES 19.90 EUR '{"compareAt": "29.90", "validFrom": "'"$START"'"}')" > /dev/null
price() { # of the first variant, for a group, as a shopper sees it now
  call 200 GET "/v1/store/$WEB/prices?skus=$SKU&currency=EUR&country=DE&group=$1" | jq -r ".items[0]$2"
}
same "before the sale" 29.90 "$(price members .price.amount)"
same "what a member sees ends with its start" "${START%Z}.000000Z" "$(price members .validUntil)"
at() { # the resolved amount at an instant
  call 200 POST /v1/prices/resolve '{"lines": [{"variant": "sku:'"$SKU"'"}], "channel": "key:'"$WEB"'", "currency": "EUR",
    "customerGroups": ["members"], "at": "'"$1"'"}' | jq -r '.lines[0].price.amount'
}
same "a microsecond before" 29.90 "$(at "$(jq -nr --arg t "$START" '$t | fromdate - 1 | todate | rtrimstr("Z")').999999Z")"
same "at its start" 19.90 "$(at "$START")"
while [ "$(jq -nr 'now | floor')" -lt "$(jq -nr --arg t "$START" '$t | fromdate')" ]; do sleep 0.1; done
same "after its start, for members" 19.90 "$(price members .price.amount)"
same "with the price it had" 29.90 "$(price members .price.compareAt)"
same "and for everyone else" 29.90 "$(price others .price.amount)"

# An edit that was a mistake.
BEFORE=$(call 200 GET "/v1/products/key:$PRODUCT" | jq .version)
call 200 PATCH "/v1/products/key:$PRODUCT" '{"brand": "Habour", "attributes": {"organic": false}}' > /dev/null
same "the edit is not live" null "$(call 200 GET "/v1/store/$WEB/products/key:$PRODUCT" | jq -r .brand)"
same "what it changed" "/attributes/organic /brand" \
  "$(call 200 GET "/v1/products/key:$PRODUCT/diff?from=$BEFORE&to=$((BEFORE + 1))" |
    jq -r '[.operations[].path] | map(select(. == "/brand" or . == "/attributes/organic")) | sort | join(" ")')"
call 200 POST "/v1/products/key:$PRODUCT/revert" '{"version": '"$BEFORE"'}' > /dev/null
same "it is taken back" "null true" \
  "$(call 200 GET "/v1/products/key:$PRODUCT" | jq -r '"\(.brand) \(.attributes.organic)"')"
same "every step is in the history" "updated updated published updated created" \
  "$(call 200 GET "/v1/products/key:$PRODUCT/history" | jq -r '[.items[].events[]] | join(" ")')"
echo "done: all as it should be"
