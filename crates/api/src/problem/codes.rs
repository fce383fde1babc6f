//! Every code that an answer can have, with what it means. The pages under `/problems` and the OpenAPI document are
//! made from this table.

/// A stable code, the statuses it comes with (0 marks an item code inside `errors`) and its explanation.
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) meaning: &'static str,
}

const fn code(code: &'static str, status: u16, meaning: &'static str) -> Entry {
    Entry {
        code,
        status,
        meaning,
    }
}

/// Marks a code of a single fault, listed under `errors` of a `validation_failed` or `409` problem.
pub(crate) const ITEM: u16 = 0;

pub(crate) const CODES: &[Entry] = &[
    code(
        "malformed_json",
        400,
        "The body is not JSON (RFC 8259), is cut off, or is nested deeper than 32 levels.",
    ),
    code(
        "invalid_parameter",
        400,
        "A path segment, query parameter or header does not have the form it must have, or is not known.",
    ),
    code(
        "cursor_invalid",
        400,
        "The cursor was not made by this catalog. Start again without one.",
    ),
    code(
        "cursor_mismatch",
        400,
        "The cursor was made for a list with other filters or another order.",
    ),
    code(
        "filter_unknown_field",
        400,
        "The list cannot be filtered by this field.",
    ),
    code(
        "sort_not_allowed",
        400,
        "The list cannot be sorted by this field.",
    ),
    code(
        "unauthenticated",
        401,
        "The request has no token, or one that is not valid here.",
    ),
    code(
        "token_expired",
        401,
        "The token was valid and has expired. Fetch a new one.",
    ),
    code("forbidden", 403, "This is not allowed."),
    code(
        "scope_missing",
        403,
        "The token lacks the scope that `requiredScope` names.",
    ),
    code(
        "resource_not_found",
        404,
        "There is no such resource, or it is deleted, or not for the eyes of the asker.",
    ),
    code(
        "method_not_allowed",
        405,
        "This address does not take this method; `Allow` lists those it takes.",
    ),
    code(
        "not_acceptable",
        406,
        "No form of the answer is acceptable to the client.",
    ),
    code("request_timeout", 408, "The request did not arrive in time."),
    code(
        "payload_too_large",
        413,
        "The body is larger than the limit, after decompression.",
    ),
    code("uri_too_long", 414, "The address is longer than 8 KiB."),
    code(
        "range_not_satisfiable",
        416,
        "The file has none of the bytes that `Range` asks for; `Content-Range` says how many it has.",
    ),
    code(
        "malformed_multipart",
        400,
        "The form (RFC 7578) has no boundary, is cut off, or does not hold together.",
    ),
    code(
        "unsupported_media_type",
        415,
        "The address does not take this content type or content encoding.",
    ),
    code(
        "duplicate_key",
        409,
        "Another resource of the kind has this key; `conflictingId` names it.",
    ),
    code(
        "duplicate_sku",
        409,
        "Another variant has this SKU; `conflictingId` names it.",
    ),
    code(
        "duplicate_gtin",
        409,
        "Another variant has this GTIN; `conflictingId` names it.",
    ),
    code(
        "duplicate_slug",
        409,
        "Another resource of the kind has this slug in the same locale; `conflictingId` names it.",
    ),
    code(
        "duplicate_options",
        409,
        "Another variant of the product has the same options; `conflictingId` names it.",
    ),
    code(
        "price_overlap",
        409,
        "Another price of the same list, variant, currency and quantity holds at the same time; `conflictingId` names it.",
    ),
    code("referenced", 409, "The resource is still referred to by others."),
    code(
        "state_conflict",
        409,
        "The state of the resource, or of one it belongs to, does not allow this. Where stored products would not fit their type, `affected` is how many, and `sample` has the ids of some.",
    ),
    code("category_cycle", 409, "The category would be its own ancestor."),
    code(
        "idempotency_in_progress",
        409,
        "A request with this idempotency key is still running. Try again after `Retry-After`.",
    ),
    code(
        "history_expired",
        410,
        "The version was removed from the history, which is kept for as long as the service is told to.",
    ),
    code(
        "version_conflict",
        412,
        "The resource is not at the version that `If-Match` names; `currentVersion` is where it is.",
    ),
    code(
        "precondition_failed",
        412,
        "The resource exists against `If-None-Match: *`, or doesn't against `If-Match`.",
    ),
    code(
        "validation_failed",
        422,
        "The body has the faults listed under `errors`, each with a JSON Pointer (RFC 6901).",
    ),
    code(
        "batch_failed",
        422,
        "Operations of the batch failed, and nothing was done. `errors` has their faults, `failures` the whole problem of each.",
    ),
    code(
        "idempotency_key_reused",
        422,
        "The idempotency key was used in the last 24 hours for another request.",
    ),
    code(
        "internal",
        500,
        "Something went wrong inside the service; `requestId` finds it in the logs.",
    ),
    code(
        "unavailable",
        503,
        "The service, or something it needs, is not available. Try again after `Retry-After`; where it is a write, with the same idempotency key, as it may have taken effect.",
    ),
    code(
        "not_caught_up",
        503,
        "The search index does not reflect `Catalog-Min-Position` yet. Try again after `Retry-After`.",
    ),
    code(
        "timeout",
        504,
        "The answer took too long. A write may still take effect: repeat it with the same idempotency key to find out.",
    ),
    code("required", ITEM, "The field must be there and not be blank."),
    code("unknown_field", ITEM, "There is no such field here."),
    code(
        "wrong_type",
        ITEM,
        "The value has another JSON type than the field.",
    ),
    code("too_long", ITEM, "The text or list is longer than the limit."),
    code("pattern", ITEM, "The text does not have the form it must have."),
    code("out_of_range", ITEM, "The value is too small or too large."),
    code("not_in_enum", ITEM, "The value is not one of those allowed."),
    code(
        "currency_digits",
        ITEM,
        "The amount has more digits after the point than its currency (ISO 4217).",
    ),
    code(
        "gtin_check_digit",
        ITEM,
        "The last digit of the GTIN is not the check digit of the others (GS1 General Specifications, 7.9).",
    ),
    code(
        "reference_not_found",
        ITEM,
        "The resource that is referred to does not exist or is deleted.",
    ),
    code(
        "unit_family",
        ITEM,
        "The unit is not one of the family that the attribute is measured in.",
    ),
    code(
        "unique_attribute",
        ITEM,
        "Another product or variant of the type has this value of an attribute whose values are unique.",
    ),
    code(
        "json_schema",
        ITEM,
        "The value does not fit the JSON Schema of its attribute.",
    ),
    code(
        "contradiction",
        ITEM,
        "The member excludes another one that is given too.",
    ),
    code(
        "forward_reference",
        ITEM,
        "The operation of a batch refers to one that is not done before it.",
    ),
    code(
        "option_missing",
        ITEM,
        "The variant lacks a value for an option axis of its product.",
    ),
    code(
        "invalid_encoding",
        ITEM,
        "The line or row of a file is not UTF-8 (RFC 3629).",
    ),
    code(
        "malformed_csv",
        ITEM,
        "The row of a file has more or fewer fields than its header.",
    ),
    code(
        "media_type_not_allowed",
        ITEM,
        "The file is of none of the types that are taken in, told from its bytes.",
    ),
    code(
        "media_type_mismatch",
        ITEM,
        "The bytes of the file are of another type than its content type says.",
    ),
    code(
        "media_unreadable",
        ITEM,
        "The header of the picture is cut off or damaged.",
    ),
    code("too_deep", ITEM, "The filter is nested deeper than it may be."),
    code("too_short", ITEM, "The list has fewer items than it needs."),
    code(
        "filter_not_allowed",
        ITEM,
        "The field is known, and neither filters nor facets of this kind are made of it.",
    ),
    code("duplicate", ITEM, "The value stands in the list twice."),
    code(
        "patch_failed",
        ITEM,
        "The operation of the JSON Patch (RFC 6902) cannot be applied to the resource as it is.",
    ),
];

/// The title for people, the same for every occurrence.
pub(crate) fn title(code: &str) -> String {
    let mut title = code.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

pub(crate) fn find(code: &str) -> Option<&'static Entry> {
    CODES.iter().find(|known| known.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_in_the_table_once() {
        let mut names: Vec<_> = CODES.iter().map(|known| known.code).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}
