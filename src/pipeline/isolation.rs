//! Where a run converts: in its threads, in workers, by LibreOffice.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{BuildError, Pipeline};
use crate::model::Isolate;
use crate::worker::{Isolation, Office, Pool, ServeOptions};

/// Asks what makes PDFs whether it is there; it is confined where there are workers.
pub(super) fn office(
    program: Option<&Path>,
    isolation: &Isolation,
    timeout: Duration,
) -> Result<Option<Arc<Office>>, BuildError> {
    let Some(program) = program else { return Ok(None) };
    let launcher = match isolation {
        Isolation::Thread => None,
        Isolation::Process { program } => Some(program.as_path()),
    };
    match Office::new(program, launcher, timeout) {
        Ok(office) => Ok(Some(Arc::new(office))),
        Err(source) => Err(BuildError::Office { program: program.to_owned(), source }),
    }
}

/// Returns the workers of a run; none is started yet.
pub(super) fn workers(isolation: &Isolation, memory_bytes: u64, document_bytes: u64) -> Option<Arc<Pool>> {
    let Isolation::Process { program } = isolation else {
        return None;
    };
    let scratch = Some(std::env::temp_dir());
    let options = ServeOptions { memory_bytes, document_bytes, scratch, ..ServeOptions::default() };
    Some(Arc::new(Pool::new(program, options)))
}

impl Pipeline {
    /// Ends the workers; another run starts others.
    pub(super) fn rest(&self) {
        if let Some(workers) = &self.convert.workers {
            workers.rest();
        }
    }

    /// Returns where converters ran, and what the workers could not give up.
    pub(super) fn isolation_facts(&self) -> serde_json::Value {
        let workers = self.convert.workers.as_ref();
        serde_json::json!({
            "isolate": workers.map_or(Isolate::Never, |_| self.convert.isolate).as_str(),
            "workers": workers.and_then(|workers| workers.facts()),
            "office": self.convert.office.as_ref().map(|office| office.facts()),
        })
    }
}
