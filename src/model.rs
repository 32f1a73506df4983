//! Plain types of the whole product, parsed once at the edge. Behaviour lives elsewhere and imports these.

pub mod budget;
pub mod code;
pub mod consumer;
pub mod digest;
pub mod entry;
pub mod file_name;
pub mod file_object;
pub mod media_type;
pub mod outcome;
pub mod payload;
pub mod prices;
pub mod profile;
pub mod secret;
pub mod settings;
pub mod source;
pub mod spill;
pub mod timestamp;
pub mod upload;

pub use code::{Code, CodeKind};
pub use consumer::Consumer;
pub use digest::Sha256;
pub use file_name::FileName;
pub use file_object::{FileObject, FileStatus};
pub use media_type::MediaType;
pub use outcome::{Attempt, Failure, Outcome, Proof, Violation};
pub use payload::{Body, ConverterRef, Lineage, Payload};
pub use profile::Profile;
pub use secret::Secret;
pub use settings::{ConvertMode, ConvertTo, Isolate, Misnamed, NameStyle, SecretsRule};
pub use source::{Candidate, RelativePath, Source};
pub use spill::Spill;
pub use timestamp::Timestamp;
pub use upload::{Dedupe, NameTag, RequestRate, VerifyRemote};
