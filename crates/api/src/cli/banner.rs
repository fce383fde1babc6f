//! What `vitrine serve` says when it is ready.

use std::io::{self, Write};

use crate::composition::settings::Settings;

/// Says where everything is. `loaded` is how much of the example catalog was just loaded.
pub(crate) fn print(settings: &Settings, loaded: Option<u64>) {
    let base = format!("http://{}", settings.http.address);
    let example = loaded
        .map(|n| format!("  Example catalog   {n} categories and products loaded\n"))
        .unwrap_or_default();
    let text = format!(
        "Vitrine {} is ready\n\
         \x20 API               {base}/v1\n\
         \x20 Storefront        {base}/v1/store/default/products\n\
         \x20 Swagger UI        {base}/docs\n\
         \x20 Health            {base}/health/ready\n\
         \x20 Database          {}\n\
         \x20 Cache             {}\n\
         {example}\
         \x20 Token             vitrine token --scope catalog:admin --ttl 8h\n",
        env!("CARGO_PKG_VERSION"),
        settings.database_url(),
        if settings.cache.enabled {
            settings.cache_url().to_string()
        } else {
            "disabled".to_owned()
        },
    );
    // Nobody may be reading; serving goes on.
    let _: io::Result<()> = io::stdout().lock().write_all(text.as_bytes());
}
