//! Uploaded files: where their bytes are kept, and what their bytes say of themselves.

mod inspect;
mod settings;
mod store;

pub use inspect::HeaderInspector;
pub use settings::MediaSettings;
pub use store::{FilesError, ObjectFiles};
