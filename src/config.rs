//! What was typed, written and set, turned into [`Settings`] once: defaults < the user's file < the project's file <
//! environment < flags. The only reader of the environment.
//!
//! [`resolve`] is a function of values; [`load`] does the reading. Settings are complete and judged before an input
//! is opened or a byte is sent, and a missing credential is no error until something wants to send
//! ([`TargetSettings::require_credential`]): `check` works without one.

mod budgets;
mod connection;
mod credential;
mod engine;
mod environment;
mod error;
mod files;
mod layer;
mod login;
mod overrides;
mod project;
mod prune;
mod settings;
mod state;
mod target;
mod value;

pub use budgets::{BudgetSettings, BudgetsLayer, DayLayer, MonthLayer, WeekLayer};
pub use engine::{EngineSettings, UploadLayer};
pub use environment::Environment;
pub use error::ConfigError;
pub use files::{ConfigText, Files, KeyFile};
pub use layer::{DiscoverLayer, Layer, LimitsLayer, Origin};
pub use login::{Login, LoginError};
pub use overrides::Overrides;
pub use prune::{Fraction, PruneLayer, PruneSettings};
pub use settings::{Credential, DiscoverSettings, ProxySettings, Settings, Shown, TargetSettings, Term};
pub use state::state_dir;
pub use target::{DefinedLimits, KnownTarget, TargetDefinition};
pub use value::{Auto, BadValue, CharsetLabel, Choice, Items, OrNone, Percent, Size, Span, Value};

use crate::model::profile::Dialect;
use crate::model::{Consumer, Profile, Secret};
use crate::worker;
use budgets::BudgetValues;
use engine::UploadValues;
use layer::{DiscoverValues, LimitValues, Origins, Values};
use prune::PruneValues;
use target::Definitions;

/// Reads the files that flags and environment lead to, and makes settings of all of it.
///
/// # Errors
/// [`ConfigError`]; nothing was read or sent besides the configuration.
pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Settings, ConfigError> {
    resolve(overrides, environment, &Files::read(overrides, environment)?)
}

/// Makes settings.
///
/// # Errors
/// [`ConfigError`] names the file, variable or flag, and the allowed values.
pub fn resolve(
    overrides: &Overrides,
    environment: &Environment,
    files: &Files,
) -> Result<Settings, ConfigError> {
    let mut above = Stack::default();
    above.lay_environment(environment)?;
    above.lay(&overrides.layer, &Origin::Flag);
    let mut stack = Stack::of_files(files, &above.origins)?;
    stack.lay_environment(environment)?;
    stack.lay(&overrides.layer, &Origin::Flag);
    stack.finish(overrides, environment, files)
}

/// Returns all targets: the built-in ones, then those of the files by name.
///
/// # Errors
/// [`ConfigError`] if a file is wrong.
pub fn targets(overrides: &Overrides, environment: &Environment) -> Result<Vec<KnownTarget>, ConfigError> {
    let stack = Stack::of_files(&Files::read(overrides, environment)?, &Origins::new())?;
    let names = target::built_in_names().into_iter().chain(stack.definitions.keys().map(String::as_str));
    names.map(|name| target::known(name, &Origin::Flag, &stack.definitions)).collect()
}

/// Returns one target by its name.
///
/// # Errors
/// [`ConfigError::UnknownTarget`], or another one if a file is wrong.
pub fn target(
    name: &str,
    overrides: &Overrides,
    environment: &Environment,
) -> Result<KnownTarget, ConfigError> {
    let stack = Stack::of_files(&Files::read(overrides, environment)?, &Origins::new())?;
    target::known(name, &Origin::Flag, &stack.definitions)
}

/// The settings in force, layer upon layer.
#[derive(Default)]
struct Stack {
    values: Values,
    discover: DiscoverValues,
    limits: LimitValues,
    upload: UploadValues,
    budgets: BudgetValues,
    prune: PruneValues,
    definitions: Definitions,
    origins: Origins,
}

impl Stack {
    fn of_files(files: &Files, above: &Origins) -> Result<Self, ConfigError> {
        let mut stack = Self::default();
        if let Some(file) = &files.user {
            stack.lay_user(file)?;
        }
        if let Some(file) = &files.project {
            stack.lay_project(file, above)?;
        }
        Ok(stack)
    }

    fn lay_user(&mut self, file: &ConfigText) -> Result<(), ConfigError> {
        let origin = Origin::User(file.path.clone());
        let mut layer: Layer = files::parse(file)?;
        let folder = file.path.parent().unwrap_or(&file.path);
        let optional = [&mut layer.ca_file, &mut layer.state_dir, &mut layer.prices];
        let optional = optional.into_iter().filter_map(|auto| auto.as_mut()?.0.as_mut());
        for path in optional.chain(&mut layer.store).chain(&mut layer.manifest) {
            // What a file names is beside it, wherever the tool is run. `-` is no file.
            if path.as_os_str() != "-" {
                *path = folder.join(&path);
            }
        }
        target::define(&mut self.definitions, &layer.targets, &file.path, &origin)?;
        self.lay(&layer, &origin);
        Ok(())
    }

    fn lay_project(&mut self, file: &ConfigText, above: &Origins) -> Result<(), ConfigError> {
        let origin = Origin::Project(file.path.clone());
        let mut layer: Layer = files::parse(file)?;
        project::check(&layer, self, &file.path, above)?;
        self.budgets.keep_tighter(&mut layer.budgets);
        target::define(&mut self.definitions, &layer.targets, &file.path, &origin)?;
        self.lay(&layer, &origin);
        Ok(())
    }

    fn lay_environment(&mut self, environment: &Environment) -> Result<(), ConfigError> {
        let mut origins = Origins::new();
        let mut layer = Layer::default();
        layer.take_variables(environment, &mut origins)?;
        layer.discover.take_variables(environment, &mut origins)?;
        layer.limits.take_variables(environment, &mut origins)?;
        layer.upload.take_variables(environment, &mut origins)?;
        layer.budgets.take_all_variables(environment, &mut origins)?;
        layer.prune.take_variables(environment, &mut origins)?;
        self.lay(&layer, &Origin::Default);
        self.origins.append(&mut origins);
        Ok(())
    }

    /// Lays a layer on top. What it excludes, trusts and protects adds up with the layers below; all else replaces.
    fn lay(&mut self, layer: &Layer, origin: &Origin) {
        let below = [&self.values.trusted_hosts, &self.discover.exclude, &self.prune.protect];
        let [hosts, exclude, protect] = below.map(|items| items.0.clone());
        self.values.lay(layer, origin, &mut self.origins);
        self.discover.lay(&layer.discover, origin, &mut self.origins);
        self.limits.lay(&layer.limits, origin, &mut self.origins);
        self.upload.lay(&layer.upload, origin, &mut self.origins);
        self.budgets.lay(&layer.budgets, origin, &mut self.origins);
        self.prune.lay(&layer.prune, origin, &mut self.origins);
        let sum = |mut all: Vec<String>, added: &Option<Items>| {
            all.extend(added.iter().flat_map(|items| items.0.iter().cloned()));
            Items(all)
        };
        self.values.trusted_hosts = sum(hosts, &layer.trusted_hosts);
        self.discover.exclude = sum(exclude, &layer.discover.exclude);
        self.prune.protect = sum(protect, &layer.prune.protect);
    }

    fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    fn finish(
        self,
        overrides: &Overrides,
        environment: &Environment,
        files: &Files,
    ) -> Result<Settings, ConfigError> {
        let target = self.target(overrides, environment, files)?;
        let judge = self.judge(overrides, &target.profile)?;
        let consumer = self.consumer(&judge)?;
        let worker_memory_bytes = self.worker_memory()?;
        let mut live_keys = self.live_keys(environment, &target, files);
        // A login is on this machine whatever is done here; a key that is set says that somebody means to use it.
        let keys_set = !live_keys.is_empty();
        let of_login = files.login.iter().flatten().flat_map(Login::secrets);
        live_keys
            .extend(of_login.filter(|secret| target.credential.as_ref().is_none_or(|c| c.secret != *secret)));
        let state_dir = state_dir(environment, self.values.state_dir.0.as_deref()).ok();
        let engine = EngineSettings::new(&self.upload, overrides, state_dir);
        let shown = self.show(&target, consumer, &engine);
        let values = self.values;
        Ok(Settings {
            platform_key_present: !target.chosen && keys_set,
            warnings: warnings(files, &target, &self.definitions),
            judge,
            consumer,
            live_keys,
            shown,
            converter_options: values.converter_options(),
            limits: self.limits.converters(),
            max_convert_bytes: self.limits.max_convert_size.0,
            convert_timeout: self.limits.convert_timeout.0,
            worker_memory_bytes,
            isolate: values.isolate,
            to: values.to,
            soffice: environment.program("soffice"),
            store: values.store,
            manifest: values.manifest,
            convert_mode: values.convert,
            secrets: values.secrets,
            misnamed: values.misnamed,
            name_style: values.name_style,
            extra: overrides.extra.clone(),
            engine,
            budgets: self.budgets.finish(files.prices.as_ref())?,
            prune: PruneSettings::new(self.prune)?,
            discover: discover(self.discover),
            concurrency: values.concurrency,
            jobs: values.jobs.0.unwrap_or(environment.cores),
            batch_files: values.batch_files,
            batch_bytes: values.batch_bytes.0,
            allow_empty: values.allow_empty,
            target,
        })
    }

    /// Returns the profile whose rules judge files.
    fn judge(&self, overrides: &Overrides, own: &Profile) -> Result<Profile, ConfigError> {
        let Some(name) = &overrides.accept_as else {
            return Ok(own.clone());
        };
        if own.dialect != Dialect::Local {
            return Err(ConfigError::AcceptAs { target: own.name.clone() });
        }
        target::find(name, &Origin::Flag, &self.definitions).map(|resolved| resolved.profile)
    }

    /// Returns the consumer that was chosen, else `messages` where it is served, else the first that is.
    fn consumer(&self, judge: &Profile) -> Result<Consumer, ConfigError> {
        let served = |consumer| judge.accept_rules(consumer).is_some();
        let usual = Some(Consumer::default()).filter(|consumer| served(*consumer));
        let first = judge.consumers().next();
        let consumer = self.values.consumer.0.or(usual).or(first).unwrap_or_default();
        if served(consumer) {
            return Ok(consumer);
        }
        let served: Vec<_> = judge.consumers().map(Consumer::as_str).collect();
        Err(ConfigError::ConsumerNotServed {
            target: judge.name.clone(),
            consumer,
            served: served.join(", "),
        })
    }

    /// Returns the memory of a worker, which needs some to start.
    fn worker_memory(&self) -> Result<u64, ConfigError> {
        let (memory, needed) = (self.limits.worker_memory, Size(worker::MIN_MEMORY_BYTES));
        if memory < needed {
            let origin = self.origin("limits.worker_memory");
            return Err(ConfigError::WorkerMemory { memory, needed, origin });
        }
        Ok(memory.0)
    }

    /// Returns every credential that this process could use, chosen or not.
    fn live_keys(&self, environment: &Environment, target: &TargetSettings, files: &Files) -> Vec<Secret> {
        let defined = self.definitions.values();
        let defined = defined.flat_map(|(definition, _)| credential::defined_variables(definition));
        let variables = credential::built_in_variables().into_iter().chain(defined);
        let mut keys: Vec<Secret> =
            target.credential.iter().map(|credential| credential.secret.clone()).collect();
        let variables = variables.filter_map(|name| environment.var(&name).and_then(Secret::parse));
        // A key in a file is one even where the target needs none.
        let file = files.api_key.iter().filter_map(|file| Secret::parse(&file.text));
        for secret in variables.chain(file) {
            if !keys.contains(&secret) {
                keys.push(secret);
            }
        }
        keys
    }

    /// Returns every key with its value and origin; a credential shows as `***`.
    fn show(&self, target: &TargetSettings, consumer: Consumer, engine: &EngineSettings) -> Vec<Shown> {
        let mut shown = Vec::new();
        let all = [self.values.show(), self.discover.show(), self.limits.show(), self.upload.show()].concat();
        let all = [all, self.budgets.show(), self.prune.show()].concat();
        for (key, value) in all {
            let value = match key {
                "consumer" => consumer.to_string(),
                "state_dir" => engine.state_dir.as_ref().map_or_else(|| "none".to_owned(), Value::show),
                _ => value,
            };
            shown.push(Shown { key: key.to_owned(), value, origin: self.origin(key) });
        }
        shown.extend(connection::show(target));
        shown
    }
}

fn warnings(files: &Files, target: &TargetSettings, definitions: &Definitions) -> Vec<String> {
    let keys = files.api_key.iter().filter(|file| file.open_to_others).map(|file| &file.path);
    let is_in_use = |login: &&Login| target.credential.as_ref().is_some_and(|c| c.origin == login.origin());
    let login = files.login.iter().flatten().filter(is_in_use).filter(|login| login.open_to_others);
    keys.chain(login.map(|login| &login.token_path))
        .map(|path| format!("`{}` can be read by others than you; chmod 600 helps", path.display()))
        .chain(connection::renamed(target, definitions))
        .collect()
}

fn discover(values: DiscoverValues) -> DiscoverSettings {
    DiscoverSettings {
        hidden: values.hidden,
        follow: values.follow,
        gitignore: values.gitignore,
        force_exclude: values.force_exclude,
        include: values.include.0,
        exclude: values.exclude.0,
    }
}

#[cfg(test)]
mod tests;
