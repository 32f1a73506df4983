//! The description of a run. What is left out has the defaults of the command line.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use docferry_converters::charset::Hints;
use docferry_converters::options::{CsvDialect, Newlines};
use docferry_converters::{Limits, Options};

use super::engine::Engine;
use super::isolation::{office, workers};
use super::{Pipeline, Work};
use crate::acceptance::{Acceptance, NotServed};
use crate::ledger::Ledger;
use crate::model::{Consumer, ConvertTo, Isolate, NameStyle, Profile, Secret};
use crate::policy::{LiveKeys, Policy};
use crate::stages::admit::AdmitOptions;
use crate::stages::classify::ClassifyOptions;
use crate::stages::convert::ConvertOptions;
use crate::stages::discover::{DiscoverOptions, Named};
use crate::stages::plan::PlanOptions;
use crate::targets::{Target, UploadExtra};
use crate::worker::{self, Isolation};

/// More threads than this help nobody; a system that refuses one would end the process.
const MAX_THREADS: usize = 256;
/// The largest document that is converted, unless told otherwise.
const MAX_CONVERT_BYTES: u64 = 512 << 20;

/// Why a description is no run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Neither a target nor a folder for outputs nor a profile to check by was given.
    #[error("a run needs a target, a folder for outputs, or a profile to check by")]
    NoWork,
    /// The target does not serve the consumer.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// What makes PDFs does not answer.
    #[error("`{}` cannot make PDFs", program.display())]
    Office {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The target cannot carry something that was to travel with the files.
    #[error("the target `{target}` does not take {what}")]
    Extra {
        /// The target.
        target: String,
        /// What it does not take.
        what: String,
    },
}

/// Describes a run.
#[derive(Debug)]
pub struct Builder {
    work: Option<Work>,
    acceptance_of: Option<Profile>,
    named: Vec<Named>,
    discover: DiscoverOptions,
    plan: PlanOptions,
    options: Options,
    limits: Limits,
    max_convert_bytes: u64,
    convert_timeout: Duration,
    isolation: Isolation,
    isolate: Isolate,
    to_pdf: Option<PathBuf>,
    worker_memory_bytes: u64,
    consumer: Consumer,
    policy: Policy,
    name_style: NameStyle,
    name: Option<String>,
    live_keys: Vec<Secret>,
    extra: UploadExtra,
    ledger: Option<Ledger>,
    engine: Engine,
    manifest: Option<PathBuf>,
    jobs: usize,
    concurrency: usize,
    batch_files: u64,
    batch_bytes: u64,
    interrupted: Arc<AtomicBool>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            work: None,
            acceptance_of: None,
            named: Vec::new(),
            discover: DiscoverOptions::default(),
            plan: PlanOptions::default(),
            options: Options::default(),
            limits: Limits::default(),
            max_convert_bytes: MAX_CONVERT_BYTES,
            convert_timeout: Duration::from_secs(120),
            isolation: Isolation::default(),
            isolate: Isolate::default(),
            to_pdf: None,
            worker_memory_bytes: worker::MEMORY_BYTES,
            consumer: Consumer::default(),
            policy: Policy::default(),
            name_style: NameStyle::default(),
            name: None,
            live_keys: Vec::new(),
            extra: UploadExtra::default(),
            ledger: None,
            engine: Engine::default(),
            manifest: None,
            jobs: 0,
            concurrency: 4,
            batch_files: 100,
            batch_bytes: 256 << 20,
            interrupted: Arc::default(),
        }
    }
}

macro_rules! setters {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty,)+) => {
        $($(#[doc = $doc])+
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name;
            self
        })+
    };
}

impl Builder {
    setters! {
        /// Sets how inputs are found.
        discover: DiscoverOptions,
        /// Sets when documents are converted and what becomes of misnamed ones.
        plan: PlanOptions,
        /// Sets the options of conversions.
        options: Options,
        /// Sets the bounds of conversions.
        limits: Limits,
        /// Sets the largest document that is converted, in bytes.
        max_convert_bytes: u64,
        /// Sets the longest time of one conversion.
        convert_timeout: Duration,
        /// Sets where converters run that [`Builder::isolate`] names.
        isolation: Isolation,
        /// Sets which converters [`Builder::isolation`] concerns; those that need it, unless told otherwise.
        isolate: Isolate,
        /// Sets the memory that one worker may reserve, in bytes.
        worker_memory_bytes: u64,
        /// Sets what the platform will do with the files.
        consumer: Consumer,
        /// Sets what is let out.
        policy: Policy,
        /// Sets what the names that are sent are made of.
        name_style: NameStyle,
        /// Sets the credentials that must not be in anything that is sent.
        live_keys: Vec<Secret>,
        /// Sets what travels with each file.
        extra: UploadExtra,
        /// Sets how the target is dealt with.
        engine: Engine,
        /// Sets the number of threads that prepare, at most 256; 0 means one for each core.
        jobs: usize,
        /// Sets the number of uploads at once, at most 256.
        concurrency: usize,
        /// Sets how many inputs a batch holds.
        batch_files: u64,
        /// Sets how many bytes of inputs a batch holds.
        batch_bytes: u64,
        /// Sets the flag that stops the run when it becomes true.
        interrupted: Arc<AtomicBool>,
    }

    /// Makes PDFs of documents instead of text, by LibreOffice: `program` is its `soffice`. With
    /// [`Isolation::Process`] it can neither connect nor read anybody's files.
    #[must_use]
    pub fn to_pdf(mut self, program: impl Into<PathBuf>) -> Self {
        self.to_pdf = Some(program.into());
        self
    }

    /// Books in `ledger` what is sent, and sends nothing that it knows to be stored. Without one, a run knows only what
    /// it sent itself.
    #[must_use]
    pub fn ledger(mut self, ledger: Ledger) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Sends what is admitted to `target`.
    #[must_use]
    pub fn target(mut self, target: Arc<dyn Target>) -> Self {
        self.work = Some(Work::Ingest { target });
        self
    }

    /// Writes what can be converted below `folder`; no target judges it.
    #[must_use]
    pub fn output_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.work = Some(Work::Convert { output_dir: folder.into() });
        self
    }

    /// Judges by `profile` only; see [`Pipeline::inspect`].
    #[must_use]
    pub fn check(mut self, profile: Profile) -> Self {
        self.work = Some(Work::Check { profile: Box::new(profile) });
        self
    }

    /// Judges by the acceptance of another profile than the target's own.
    #[must_use]
    pub fn acceptance_of(mut self, profile: Profile) -> Self {
        self.acceptance_of = Some(profile);
        self
    }

    /// Adds a file or folder.
    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.named.push(Named::Path(path.into()));
        self
    }

    /// Adds inputs.
    #[must_use]
    pub fn inputs(mut self, named: impl IntoIterator<Item = Named>) -> Self {
        self.named.extend(named);
        self
    }

    /// Gives a name to send to the only input.
    #[must_use]
    pub fn name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// Writes the manifest to `path`; without it the report keeps one as long as it lives.
    #[must_use]
    pub fn manifest(mut self, path: Option<PathBuf>) -> Self {
        self.manifest = path;
        self
    }

    /// Makes the run.
    ///
    /// # Errors
    /// [`BuildError`] says what does not fit.
    pub fn build(mut self) -> Result<Pipeline, BuildError> {
        let work = self.work.take().ok_or(BuildError::NoWork)?;
        let profile = match &work {
            Work::Ingest { target } => {
                Some(self.acceptance_of.clone().unwrap_or_else(|| target.profile().clone()))
            }
            Work::Check { profile } => Some(profile.as_ref().clone()),
            Work::Convert { .. } => None,
        };
        let live_keys = LiveKeys::new(self.live_keys.iter());
        let admit = profile.as_ref().map(|profile| self.admit_options(profile, &live_keys)).transpose()?;
        let acceptance = admit.as_ref().map(|admit| admit.acceptance.clone());
        let max_pass = profile.as_ref().map_or(0, |profile| profile.limits.max_file_bytes);
        if let Some(profile) = &profile {
            fit_tables(&mut self.options, profile);
        }
        let mut discover = self.discover;
        discover.own.extend(own_paths(&work, self.manifest.as_ref()));
        let interrupted = Arc::clone(&self.interrupted);
        let concurrency = self.concurrency.clamp(1, MAX_THREADS);
        let office = office(self.to_pdf.as_deref(), &self.isolation, self.convert_timeout)?;
        let to = if office.is_some() { ConvertTo::Pdf } else { ConvertTo::Text };
        let workers = workers(&self.isolation, self.worker_memory_bytes, self.max_convert_bytes);
        Ok(Pipeline {
            named: self.named,
            discover,
            classify: ClassifyOptions {
                max_bytes: max_pass.max(self.max_convert_bytes),
                live_keys: live_keys.clone(),
                limits: self.limits.clone(),
                charsets: Hints::of(&self.options),
            },
            plan: PlanOptions { to, ..plan_options(self.plan, &self.options) },
            convert: ConvertOptions {
                options: self.options,
                limits: self.limits,
                max_bytes: self.max_convert_bytes,
                timeout: self.convert_timeout,
                live_keys,
                spill_dir: None,
                isolate: self.isolate,
                workers,
                office,
            },
            admit,
            dedupe: self.engine.dedupe,
            rehash: self.engine.rehash,
            price: self.engine.price.clone(),
            upload: self.engine.options(self.extra, concurrency, acceptance, interrupted),
            ledger: self.ledger,
            books: OnceLock::new(),
            consumer: self.consumer,
            manifest: self.manifest,
            jobs: self.jobs.min(MAX_THREADS),
            batch_files: self.batch_files,
            batch_bytes: self.batch_bytes,
            interrupted: self.interrupted,
            work,
        })
    }

    fn admit_options(&self, profile: &Profile, live_keys: &LiveKeys) -> Result<AdmitOptions, BuildError> {
        let acceptance = Acceptance::new(profile, self.consumer)?;
        check_extra(profile, &self.extra)?;
        Ok(AdmitOptions {
            acceptance,
            policy: self.policy.clone(),
            name_style: self.name_style,
            name: self.name.clone(),
            live_keys: live_keys.clone(),
            extra_bytes: self.extra.form_bytes()
                + if profile.fields.metadata { OWN_METADATA_BYTES } else { 0 },
        })
    }
}

/// What our own key adds to the metadata of a file, and the field to the form where there is no other metadata.
const OWN_METADATA_BYTES: u64 = 256;
/// Room for the multipart framing of a request, more than any name and metadata take.
const FRAMING_BYTES: u64 = 64 << 10;

/// Bounds the pieces of tables by what the target takes.
fn fit_tables(options: &mut Options, profile: &Profile) {
    let limits = &profile.limits;
    let room = limits.max_file_bytes.min(limits.max_request_bytes.saturating_sub(FRAMING_BYTES));
    options.max_csv_bytes = Some(options.max_csv_bytes.unwrap_or(room).min(room));
}

/// Adds what the options of conversions say about text that could pass as it is.
fn plan_options(chosen: PlanOptions, options: &Options) -> PlanOptions {
    PlanOptions {
        rewrite_text: options.newlines != Newlines::Keep || options.charset.is_some(),
        rewrite_tables: options.csv_dialect != CsvDialect::Keep,
        max_table_bytes: options.max_csv_bytes,
        max_pdf_pages: options.split_pdf.map(|pages| pages.get() as u64),
        ..chosen
    }
}

/// Refuses what the profile has no field for.
fn check_extra(profile: &Profile, extra: &UploadExtra) -> Result<(), BuildError> {
    let refuse = |what: String| Err(BuildError::Extra { target: profile.name.clone(), what });
    let fields = &profile.fields;
    if let Some(purpose) = &extra.purpose
        && !fields.purposes.contains(purpose)
    {
        let known = if fields.purposes.is_empty() { "none".to_owned() } else { fields.purposes.join(", ") };
        return refuse(format!("the purpose `{purpose}` (it knows {known})"));
    }
    if let Some(metadata) = &extra.metadata {
        if !fields.metadata {
            return refuse("metadata".to_owned());
        }
        let length = metadata.to_string().len() as u64 + OWN_METADATA_BYTES;
        if profile.limits.max_metadata_bytes.is_some_and(|max| length > max) {
            return refuse(format!("metadata of {length} bytes"));
        }
    }
    if let Some(expires_in) = extra.expires_in {
        let Some([least, most]) = fields.expires_in_seconds else {
            return refuse("an expiry".to_owned());
        };
        if !(least..=most).contains(&expires_in.as_secs()) {
            return refuse(format!("an expiry of {} s (it takes {least} to {most} s)", expires_in.as_secs()));
        }
    }
    Ok(())
}

/// Returns the files and folders of the run itself, which are never inputs.
fn own_paths(work: &Work, manifest: Option<&PathBuf>) -> Vec<PathBuf> {
    let mut own = Vec::new();
    if let Work::Convert { output_dir } = work {
        own.push(output_dir.clone());
    }
    if let Some(manifest) = manifest {
        own.push(manifest.clone());
        own.extend([".partial", ".run.json"].map(|suffix| crate::stages::manifest::beside(manifest, suffix)));
    }
    own.iter().filter_map(|path| std::path::absolute(path).ok()).collect()
}
