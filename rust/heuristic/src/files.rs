//! Weight profiles in files, both ways.
//!
//! Three forms are read: upstream's trained profiles (`{"profiles": {id: {"WEIGHT_...": number}}}`), the same with the
//! weights of a profile in an object `weights`, and a single vector (`{"weights": {...}}`) as its optimiser leaves it. The
//! first one is written; the geometry of a profile goes into `training_metadata`, which upstream keeps and never reads.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::{heuristic::EvalGeometry, weights::Weights};

/// Largest profile file that is read: a thousand times the size of one with every built-in profile.
const BYTES_MAX: u64 = 64 << 20;

/// What a profile file looks like, for hints.
const FORM: &str = r#"{"profiles": {"my_profile": {"WEIGHT_STACK_CONTROL": 10.0}}}"#;

/// Name of the only profile of a file that holds a single vector.
const SINGLE: &str = "weights";

/// One profile of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct FileProfile {
    /// The weights; those that the file leaves out are the balanced ones, as in upstream.
    pub weights: Weights,
    /// Weights that the file leaves out.
    pub missing: Vec<&'static str>,
    /// Geometry that the weights were tuned with; none if the file does not say, as upstream's do not.
    pub geometry: Option<EvalGeometry>,
    /// What else the file says of the profile: where it comes from, how good it is.
    pub metadata: Map<String, Value>,
}

/// Weight profiles by name, in the order of their file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ProfileFile {
    /// The profiles.
    pub profiles: Vec<(String, FileProfile)>,
    /// Other fields of the file: version and dates.
    pub other: Map<String, Value>,
}

/// Why a profile file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileFileError {
    /// Reading or writing failed.
    #[error("{} cannot be {action}: {source}\nhint: check the path and the permissions of its folder", path.display())]
    Io {
        /// `read` or `written`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is larger than any profile file.
    #[error("{} has {bytes} bytes\nhint: a profile file has a few kilobytes; is this another file?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The text is not JSON.
    #[error("the weight profiles are not JSON: {0}\nhint: the file may be cut off; write it again or take a copy")]
    Syntax(#[from] serde_json::Error),
    /// The JSON has another structure.
    #[error("{at} of the weight profiles is {given}, and should be {expected}\nhint: the form is {FORM}")]
    Structure {
        /// Where.
        at: String,
        /// What is there.
        given: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A weight of a name that no evaluation knows.
    #[error("profile {profile:?} has an unknown weight {name:?}\nhint: did you mean {nearest}?")]
    UnknownWeight {
        /// The profile.
        profile: String,
        /// The name.
        name: String,
        /// The known name that is most like it.
        nearest: &'static str,
    },
    /// A profile that the file does not have.
    #[error("there is no weight profile {name:?}\nhint: the file has {}", known.join(", "))]
    UnknownProfile {
        /// The name.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A fault in a file, which is named.
    #[error("in {}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// The fault.
        #[source]
        source: Box<ProfileFileError>,
    },
}

fn structure(at: impl Into<String>, given: &Value, expected: &'static str) -> ProfileFileError {
    let mut given = given.to_string();
    if given.chars().count() > 40 {
        given = given.chars().take(40).chain("...".chars()).collect();
    }
    ProfileFileError::Structure { at: at.into(), given, expected }
}

fn object<'v>(value: &'v Value, at: &str) -> Result<&'v Map<String, Value>, ProfileFileError> {
    value.as_object().ok_or_else(|| structure(at, value, "an object"))
}

impl FileProfile {
    /// A profile of these weights, tuned with this geometry.
    pub fn new(weights: Weights, geometry: EvalGeometry) -> Self {
        Self { weights, missing: Vec::new(), geometry: Some(geometry), metadata: Map::new() }
    }

    fn parse(name: &str, entry: &Value) -> Result<Self, ProfileFileError> {
        let at = format!("profile {name:?}");
        let mut values = object(entry, &at)?;
        if let Some(inner) = values.get(SINGLE) {
            values = object(inner, &format!("{at}, weights"))?;
        }
        let mut weights = Weights::default();
        for (key, value) in values {
            let place = weights.get_mut(key).ok_or_else(|| ProfileFileError::UnknownWeight {
                profile: name.into(),
                name: key.chars().take(60).collect(),
                nearest: nearest_weight(key),
            })?;
            *place = value
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| structure(format!("{at}, {key}"), value, "a number"))?;
        }
        let missing = Weights::NAMES.into_iter().filter(|&key| !values.contains_key(key)).collect();
        Ok(Self { weights, missing, geometry: None, metadata: Map::new() })
    }
}

fn nearest_weight(name: &str) -> &'static str {
    let likeness = |known: &&str| strsim::jaro_winkler(known, name);
    Weights::NAMES.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or(Weights::NAMES[0])
}

impl ProfileFile {
    /// The profile of a name.
    ///
    /// # Errors
    /// [`ProfileFileError::UnknownProfile`] lists the names that there are.
    pub fn get(&self, name: &str) -> Result<&FileProfile, ProfileFileError> {
        self.profiles.iter().find(|(known, _)| known == name).map(|(_, profile)| profile).ok_or_else(|| {
            ProfileFileError::UnknownProfile {
                name: name.into(),
                known: self.profiles.iter().map(|(known, _)| known.clone()).collect(),
            }
        })
    }

    /// Reads a text in any of the forms that there are.
    ///
    /// # Errors
    /// Text that is not JSON, other structures, weights that are not known or not numbers.
    pub fn parse(text: &str) -> Result<Self, ProfileFileError> {
        let root: Value = serde_json::from_str(text)?;
        let fields = object(&root, "the top level")?;
        let mut file = Self::default();
        if let Some(profiles) = fields.get("profiles") {
            for (name, entry) in object(profiles, "profiles")? {
                file.profiles.push((name.clone(), FileProfile::parse(name, entry)?));
            }
        } else if fields.contains_key(SINGLE) {
            file.profiles.push((SINGLE.into(), FileProfile::parse(SINGLE, &json!({SINGLE: fields[SINGLE]}))?));
        } else {
            return Err(structure("the top level", &root, "an object with profiles or weights"));
        }
        if let Some(metadata) = fields.get("training_metadata") {
            let metadata = object(metadata, "training_metadata")?;
            for (name, profile) in &mut file.profiles {
                if let Some(entry) = metadata.get(name) {
                    profile.metadata.clone_from(object(entry, &format!("training_metadata, {name:?}"))?);
                }
                if let Some(geometry) = profile.metadata.shift_remove("geometry") {
                    let known = geometry.as_str().and_then(|text| text.parse().ok());
                    let at = || format!("training_metadata, {name:?}, geometry");
                    profile.geometry = Some(known.ok_or_else(|| structure(at(), &geometry, "\"true\" or \"compat\""))?);
                }
            }
        }
        for (key, value) in fields {
            if !["profiles", SINGLE, "training_metadata"].contains(&key.as_str()) {
                file.other.insert(key.clone(), value.clone());
            }
        }
        Ok(file)
    }

    /// The file as text, in the form that upstream's `load_trained_profiles_if_available` reads. Every profile is
    /// complete.
    pub fn format(&self) -> String {
        let mut root = self.other.clone();
        root.entry("version").or_insert_with(|| "1.2.0".into());
        let (mut profiles, mut metadata) = (Map::new(), Map::new());
        for (name, profile) in &self.profiles {
            let values = Weights::NAMES.iter().zip(profile.weights.values());
            profiles.insert(name.clone(), values.map(|(key, value)| ((*key).to_owned(), json!(value))).collect());
            let mut entry = profile.metadata.clone();
            if let Some(geometry) = profile.geometry {
                entry.insert("geometry".into(), geometry.name().into());
            }
            if !entry.is_empty() {
                metadata.insert(name.clone(), entry.into());
            }
        }
        root.insert("profiles".into(), profiles.into());
        if !metadata.is_empty() {
            root.insert("training_metadata".into(), metadata.into());
        }
        format!("{:#}\n", Value::Object(root))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Those of [`ProfileFile::parse`] and of reading, with the name of the file.
    pub fn load(path: &Path) -> Result<Self, ProfileFileError> {
        let io = |source| ProfileFileError::Io { action: "read", path: path.into(), source };
        let bytes = fs::metadata(path).map_err(io)?.len();
        if bytes > BYTES_MAX {
            return Err(ProfileFileError::TooLarge { path: path.into(), bytes });
        }
        let text = fs::read_to_string(path).map_err(io)?;
        Self::parse(&text).map_err(|source| ProfileFileError::InFile { path: path.into(), source: Box::new(source) })
    }

    /// Writes the file whole or not at all: to a temporary name beside it, which then takes its place.
    ///
    /// # Errors
    /// [`ProfileFileError::Io`]; what was there before is untouched then.
    pub fn save(&self, path: &Path) -> Result<(), ProfileFileError> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let write = || {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(self.format().as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, path)?;
            // The rename itself lasts once the folder is on disk; where folders cannot be opened there is nothing to do.
            match path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder }) {
                Some(folder) if cfg!(unix) => fs::File::open(folder)?.sync_all(),
                _ => Ok(()),
            }
        };
        write().map_err(|source| {
            // Best effort: the error that matters is the one already at hand.
            let _ = fs::remove_file(&temporary);
            ProfileFileError::Io { action: "written", path: path.into(), source }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        ProfileFile::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn forms_of_upstream_are_read() {
        let nested = r#"{"profiles": {"mine": {"weights": {"WEIGHT_MOBILITY": 3}}}}"#;
        let flat = r#"{"version": "1.2.0", "profiles": {"mine": {"WEIGHT_MOBILITY": 3}},
                      "training_metadata": {"mine": {"fitness": 0.7}}}"#;
        let single = r#"{"weights": {"WEIGHT_MOBILITY": 3}, "fitness": 0.5}"#;
        for (text, name) in [(nested, "mine"), (flat, "mine"), (single, "weights")] {
            let file = ProfileFile::parse(text).unwrap();
            let profile = file.get(name).unwrap();
            assert_eq!(profile.weights, Weights { mobility: 3.0, ..Weights::default() }, "{text}");
            assert_eq!(profile.missing.len(), Weights::COUNT - 1);
            assert_eq!(profile.geometry, None);
        }
        assert_eq!(ProfileFile::parse(flat).unwrap().get("mine").unwrap().metadata["fitness"], 0.7);
    }

    #[test]
    fn written_profiles_come_back() {
        let mut file = ProfileFile::default();
        let weights = Weights { gap_potential: 0.1 + 0.2, ..Weights::default() };
        file.profiles.push(("a".into(), FileProfile::new(weights, EvalGeometry::Compat)));
        file.profiles.push(("b".into(), FileProfile::new(Weights::default().scaled(0.75), EvalGeometry::True)));
        file.other.insert("version".into(), "1.2.0".into());
        let again = ProfileFile::parse(&file.format()).unwrap();
        assert_eq!(again, file);
        // Where upstream looks: every profile is a flat object of numbers.
        let root: Value = serde_json::from_str(&file.format()).unwrap();
        assert_eq!(root["profiles"]["a"]["WEIGHT_GAP_POTENTIAL"], 0.1 + 0.2);
        assert!(root["profiles"]["a"].as_object().unwrap().values().all(Value::is_number));
        assert_eq!(root["profiles"]["a"].as_object().unwrap().len(), Weights::COUNT);
    }

    #[test]
    fn faults_are_named() {
        assert!(fault("{").contains("not JSON"));
        assert!(fault("[]").contains("the top level"));
        assert!(fault("{}").contains("profiles or weights"));
        assert!(fault(r#"{"profiles": {"mine": 3}}"#).contains("profile \"mine\" of the weight profiles is 3"));
        let typo = fault(r#"{"profiles": {"mine": {"WEIGHT_MOBILTY": 3}}}"#);
        assert!(typo.contains("did you mean WEIGHT_MOBILITY?"), "{typo}");
        let text = fault(r#"{"profiles": {"mine": {"WEIGHT_MOBILITY": "3"}}}"#);
        assert!(text.contains("should be a number"), "{text}");
        let geometry = fault(r#"{"profiles": {"m": {}}, "training_metadata": {"m": {"geometry": "flat"}}}"#);
        assert!(geometry.contains("geometry"), "{geometry}");
        let absent =
            ProfileFile::parse(r#"{"profiles": {"a": {}, "b": {}}}"#).unwrap().get("c").unwrap_err().to_string();
        assert!(absent.contains("the file has a, b"), "{absent}");
    }
}
