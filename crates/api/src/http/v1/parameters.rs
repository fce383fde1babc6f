//! How the parameters that many operations share are described. Handlers read them through [`Query`] and
//! [`Submission`], which refuse whatever is not described.
//!
//! [`Query`]: crate::http::query::Query
//! [`Submission`]: crate::http::submission::Submission

use utoipa::IntoParams;

macro_rules! described {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ }) => {
        #[derive(IntoParams)]
        #[expect(dead_code, reason = "describes parameters, is never built")]
        $(#[$meta])*
        pub(crate) struct $name { $($(#[$field_meta])* $field: $type,)+ }
    };
}

described!(
    #[into_params(parameter_in = Query)]
    PageParameters {
        /// How many items a page has, 1 to 200; 50 when absent.
        #[param(required = false, minimum = 1, maximum = 200, example = 50)]
        limit: Option<u32>,
        /// `nextCursor` of the page before.
        cursor: Option<String>,
        /// `id`, `createdAt` (when absent) or `updatedAt`, with a hyphen in front for descending.
        #[param(example = "-updatedAt")]
        sort: Option<String>,
        /// `none` (when absent), `estimate` or `exact`: whether the answer has a total.
        #[param(example = "none")]
        count: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Query)]
    PlainPageParameters {
        /// How many items a page has, 1 to 200; 50 when absent.
        #[param(required = false, minimum = 1, maximum = 200, example = 50)]
        limit: Option<u32>,
        /// `nextCursor` of the page before.
        cursor: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Query)]
    Fields {
        /// Only these members, with commas in between, and below them by dots: `name.en,media.url`. The `id` is always
        /// there. Of a list it is the items that have them.
        fields: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Query)]
    HistoryParameters {
        /// How many versions a page has, 1 to 200; 50 when absent.
        #[param(required = false, minimum = 1, maximum = 200, example = 50)]
        limit: Option<u32>,
        /// `nextCursor` of the page before.
        cursor: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Query)]
    AsOf {
        /// The resource as it was at this instant (RFC 3339); 404 when it did not exist then or was deleted.
        #[param(rename = "asOf")]
        as_of: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Query)]
    DryRun {
        /// `true`: make every check, keep nothing, and answer what would be. `diff`: the same, but answer what would
        /// change, as a JSON Patch (RFC 6902) from the resource as the caller, who must be allowed to, reads it right
        /// before; from `null` where there is none yet.
        #[param(rename = "dryRun")]
        dry_run: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Query)]
    Publish {
        /// Publish the product as it then is, with its variants; needs the scope `catalog:publish` too.
        publish: Option<bool>,
    }
);

described!(
    #[into_params(parameter_in = Header)]
    WriteHeaders {
        /// 1 to 255 characters. A repeated request with the same key within 24 hours takes effect once, and gets the
        /// first answer again, with `Idempotency-Replayed: true`.
        #[param(rename = "Idempotency-Key")]
        idempotency_key: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Header)]
    Conditional {
        /// The tag of the version that the caller knows: the write is refused when the resource has moved on.
        #[param(rename = "If-Match", example = "\"3-m3\"")]
        if_match: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Header)]
    CreateOnly {
        /// `*` refuses the write when the resource exists.
        #[param(rename = "If-None-Match", example = "*")]
        if_none_match: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Header)]
    Demanded {
        /// How new the answer has to be. `strong` (when absent, of management): the database or what all instances share
        /// is asked. `bounded` (when absent, of the store): what this instance keeps will do, which every acknowledged
        /// write has reached too.
        #[param(rename = "Catalog-Consistency", example = "strong")]
        consistency: Option<String>,
        /// The `Catalog-Position` of a write that the answer has to reflect.
        #[param(rename = "Catalog-Min-Position", example = "2f1-1a")]
        min_position: Option<String>,
    }
);

described!(
    #[into_params(parameter_in = Header)]
    Revalidate {
        /// The tag of the answer that the caller has: 304 when it is still right.
        #[param(rename = "If-None-Match", example = "\"3-m3\"")]
        if_none_match: Option<String>,
    }
);
