//! The formations that a server is started with: folders, formation files, bundles, or else the built-in demo.

use super::{
    bundle, deploy,
    entry::{Entry, Service, Source, Version},
    registry::{Control, live_scope},
};
use crate::{
    files::{Loaded, Problem},
    formation::{Formation, FormationSpec},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A formation that a server was started with.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) id: String,
    /// The path of its files; `None` for the built-in one.
    pub(super) path: Option<PathBuf>,
    source: Source,
    /// Its specification at the start.
    spec: FormationSpec,
}

/// A formation that a server serves from its start on.
#[derive(Clone)]
#[non_exhaustive]
pub struct Served {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The path of its files, as it was given; `None` for the built-in one.
    pub path: Option<PathBuf>,
    /// The key of its administrator.
    pub admin_key: String,
    /// The key of its applications.
    pub client_key: String,
    /// Warnings about its files, each with file and line.
    pub warnings: Vec<String>,
    /// The secrets that its files refer to and that have no value, and how to give them. Nothing here uses them.
    pub missing_secrets: Option<String>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").field("id", &self.id).field("path", &self.path).finish_non_exhaustive()
    }
}

/// The outcome for a formation whose files were read again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reload {
    /// Its id.
    pub id: String,
    /// True if it differs from the one before.
    pub changed: bool,
    /// Warnings about its files; or the reasons why it goes on as it was, one fault a line.
    pub outcome: Result<Vec<String>, String>,
}

impl std::fmt::Display for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.outcome {
            Ok(_) => write!(f, "reloaded {}", self.id),
            Err(error) => write!(f, "{} is not reloaded and goes on as it was:\n{error}", self.id),
        }
    }
}

impl Control {
    /// Starts the formations at these paths, or the built-in one where there are none. The error names every fault
    /// of every file. Reads files.
    pub(crate) fn start_with(&self, paths: &[PathBuf]) -> io::Result<Vec<Served>> {
        self.restore(paths.is_empty()).map_err(io::Error::other)?;
        let mut loaded: Vec<(Place, Loaded)> = Vec::new();
        let mut faults = Vec::new();
        let demo = [None];
        let places: Vec<Option<&PathBuf>> = paths.iter().map(Some).collect();
        for path in if places.is_empty() { demo.to_vec() } else { places } {
            match self.read(path) {
                Ok((place, _)) if loaded.iter().any(|(other, _)| other.id == place.id) => {
                    faults.push(format!("{}: another formation has the id '{}' too", shown(path), place.id));
                }
                Ok(found) => loaded.push(found),
                Err(fault) => {
                    let fault = format!("the formation {} cannot be served:\n{fault}", shown(path));
                    // One that is given twice is wrong once.
                    if !faults.contains(&fault) {
                        faults.push(fault);
                    }
                }
            }
        }
        if !faults.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, faults.join("\n")));
        }
        let mut places = Vec::new();
        let mut served = Vec::new();
        for (place, loaded) in loaded {
            served.push(self.serve(&place, loaded).map_err(io::Error::other)?);
            places.push(place);
        }
        // A server is started once.
        let _ = self.served.set(places);
        self.announce().map_err(io::Error::other)?;
        Ok(served)
    }

    /// Starts the formations anew that the server was started with; one whose files are wrong by now from what they
    /// were. Reads files.
    pub(super) fn serve_again(&self) {
        for place in self.places() {
            let loaded = self.spec(&place.source).ok().filter(|loaded| loaded.spec.id == place.id);
            // Nothing is stored of it after a reset, so there is nothing that could not be read.
            let _ = self.serve(place, loaded.unwrap_or_else(|| Loaded::from(place.spec.clone())));
        }
    }

    /// True if the command line names that formation: it begins from its files at each start, in spite of all changes
    /// since then.
    pub(super) fn is_given(&self, id: &str) -> bool {
        self.places().iter().any(|place| place.id == id && place.path.is_some())
    }

    /// The id of the formation at `/v1`.
    pub(crate) fn first_id(&self) -> &str {
        self.places().first().map_or("", |place| &place.id)
    }

    /// True if the server was started with that formation.
    pub(super) fn is_served(&self, id: &str) -> bool {
        self.places().iter().any(|place| place.id == id)
    }

    fn places(&self) -> &[Place] {
        self.served.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// The folders and files that formations were started from.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.places()
            .iter()
            .filter_map(|place| if let Source::Path(path) = &place.source { Some(path.as_path()) } else { None })
    }

    fn read(&self, path: Option<&PathBuf>) -> Result<(Place, Loaded), String> {
        let source = match path {
            None => Source::Demo,
            Some(path) if is_bundle(path) => {
                let broken = |error: io::Error| format!("{}: {error}", path.display());
                let folder = self.folder().map_err(broken)?;
                bundle::Upload::open(path).map_err(broken)?.extract(folder.path())?;
                Source::Own(Arc::new(folder))
            }
            Some(path) => Source::Path(path.clone()),
        };
        let loaded = self.spec(&source).map_err(|problems| problems.to_string())?;
        let id = loaded.spec.id.clone();
        if let Err(message) = deploy::check_id(&id) {
            let problems = loaded.wrong_id(&message);
            let problems = if let Source::Path(path) = &source { problems.of(path) } else { problems };
            return Err(problems.to_string());
        }
        Ok((Place { id, path: path.cloned(), source, spec: loaded.spec.clone() }, loaded))
    }

    /// Runs a formation. The built-in one stays as it is where the store has it. The error says why the state that is
    /// stored of it cannot be read.
    fn serve(&self, place: &Place, loaded: Loaded) -> Result<Served, String> {
        let (spec, warnings) = (&loaded.spec, warnings(&loaded));
        let missing_secrets = missing_secrets(&loaded, place.path.as_deref());
        let served = Served {
            id: spec.id.clone(),
            name: spec.name.clone(),
            version: spec.version.clone(),
            path: place.path.clone(),
            admin_key: spec.admin_key.clone(),
            client_key: spec.client_key.clone(),
            warnings,
            missing_secrets,
        };
        if place.path.is_none() && self.formations().contains_key(&place.id) {
            return Ok(served);
        }
        let source = place.source.clone();
        let version = Version { number: 1, semantic: Some(spec.version.clone()), digest: digest(spec), source };
        let mut entry = Entry::new(spec.name.clone(), self.port(), version);
        let formation = Formation::on(&self.context, &live_scope(&place.id), loaded.spec)?;
        entry.run(Service::new(formation));
        for warning in served.warnings.iter().chain(&served.missing_secrets) {
            entry.log.stderr.push(format!("warning: {warning}"));
        }
        entry.log.stdout.push("formation is ready");
        self.formations().insert(place.id.clone(), entry);
        Ok(served)
    }

    /// Reads the files of the formations that the server was started with again. Their state stays. A
    /// formation whose files are wrong goes on as it was, and so does one that was updated in another way.
    pub(crate) fn reload(&self, changed: impl Fn(&Path) -> bool) -> Vec<Reload> {
        let places = self.places().iter().filter(|place| place.path.as_deref().is_some_and(&changed));
        let reload = |place: &Place| {
            let (changed, outcome) = match self.reload_one(place) {
                Ok((changed, warnings)) => (changed, Ok(warnings)),
                Err(error) => (false, Err(error)),
            };
            Reload { id: place.id.clone(), changed, outcome }
        };
        places.map(reload).collect()
    }

    fn reload_one(&self, place: &Place) -> Result<(bool, Vec<String>), String> {
        let loaded = self.spec(&place.source).map_err(|problems| problems.to_string())?;
        if loaded.spec.id != place.id {
            return Err(format!("its id is now '{}': stop the server and start it again", loaded.spec.id));
        }
        let mut warnings = warnings(&loaded);
        warnings.extend(missing_secrets(&loaded, place.path.as_deref()));
        let reloaded = self.with(&place.id, |entry| {
            let same = matches!((&entry.current.source, &place.source), (Source::Path(now), Source::Path(then)) if now == then);
            let Some(service) = entry.service.as_ref().filter(|_| same) else {
                return Err("it does not run from these files any more".to_owned());
            };
            let digest = digest(&loaded.spec);
            if digest == entry.current.digest {
                return Ok(false);
            }
            let formation = service.formation.reloaded(loaded.spec.clone());
            entry.name = loaded.spec.name.clone();
            entry.current.semantic = Some(loaded.spec.version.clone());
            entry.current.digest = digest;
            entry.service = Some(Service::new(formation));
            entry.log.stdout.push("formation is reloaded");
            Ok(true)
        });
        reloaded.unwrap_or_else(|| Err("it was deleted".to_owned())).map(|changed| (changed, warnings))
    }
}

/// A digest of everything that a formation is made from.
fn digest(spec: &FormationSpec) -> String {
    let FormationSpec { document, triggers, sops, skills, admin_key, client_key, .. } = spec;
    bundle::digest(format!("{document}{triggers:?}{sops:?}{skills:?}{admin_key}{client_key}").as_bytes())
}

/// The oddities of a formation's files in words.
fn warnings(loaded: &Loaded) -> Vec<String> {
    loaded.warnings.iter().map(Problem::to_string).collect()
}

fn missing_secrets(loaded: &Loaded, path: Option<&Path>) -> Option<String> {
    let (first, path) = (loaded.missing_secrets.first()?, path?);
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    Some(format!(
        "secrets that the formation refers to are missing: {}. Give them in the environment, as \
         MUXI_SECRET_{first}=..., or as {first}=... in {}",
        loaded.missing_secrets.join(", "),
        folder.join(".env").display()
    ))
}

fn shown(path: Option<&PathBuf>) -> String {
    path.map_or_else(|| "the demo".to_owned(), |path| path.display().to_string())
}

/// True if a path is a packed formation.
fn is_bundle(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    path.is_file() && (name.ends_with(".tar.gz") || name.ends_with(".tgz"))
}
