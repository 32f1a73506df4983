//! Which inputs the user named: paths of the command line, of a file, and standard input.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::CommandError;
use crate::cli::{InputArgs, UsageError};
use crate::stages::discover::Named;

/// The name of standard input, unless told otherwise; without an extension the content alone decides.
const STDIN_NAME: &str = "stdin";

/// Returns the inputs that the arguments name, in their order; `stdin` is read only for `--files-from -`.
///
/// # Errors
/// [`CommandError::File`] if the list cannot be read; [`CommandError::Usage`] if standard input is named twice.
pub fn named(args: &InputArgs, stdin: &mut dyn Read) -> Result<Vec<Named>, CommandError> {
    let listed = match &args.files_from {
        Some(path) => split(&read_list(path, stdin)?, if args.null { b'\0' } else { b'\n' }),
        None => Vec::new(),
    };
    let list_is_stdin = args.files_from.as_deref() == Some(Path::new("-"));
    let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
    let times = args.paths.iter().filter(is_stdin).count() + usize::from(list_is_stdin);
    if times > 1 {
        return Err(UsageError::new("standard input is named twice").into());
    }
    if args.stdin_name.is_some() && (times == 0 || list_is_stdin) {
        let error = UsageError::new("--stdin-name is given, but standard input is no input");
        return Err(error.with_hint("name it with `-`").into());
    }
    let name = args.stdin_name.as_deref().unwrap_or(STDIN_NAME);
    let named = args.paths.iter().map(|path| match is_stdin(&path) {
        true => Named::Stdin { name: name.to_owned() },
        false => Named::Path(path.clone()),
    });
    // In a list `-` is a file: the list may come from `find` and name anything.
    Ok(named.chain(listed.into_iter().map(Named::Path)).collect())
}

fn read_list(path: &Path, stdin: &mut dyn Read) -> Result<Vec<u8>, CommandError> {
    let mut read = || -> io::Result<Vec<u8>> {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            stdin.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        std::fs::read(path)
    };
    read().map_err(|source| CommandError::File { path: path.to_owned(), source })
}

fn split(list: &[u8], end: u8) -> Vec<PathBuf> {
    let names = list.split(|byte| *byte == end).filter(|name| !name.is_empty());
    names.map(|name| PathBuf::from(OsString::from_vec(name.to_vec()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(paths: &[&str]) -> InputArgs {
        InputArgs {
            paths: paths.iter().map(PathBuf::from).collect(),
            files_from: None,
            null: false,
            stdin_name: None,
            include: Vec::new(),
            exclude: Vec::new(),
            hidden: false,
            follow: false,
            gitignore: false,
            force_exclude: false,
            allow_empty: false,
        }
    }

    #[test]
    fn lists_keep_every_byte_of_a_name() {
        let list = InputArgs { files_from: Some("-".into()), null: true, ..args(&["a"]) };
        let found = named(&list, &mut &b"b\nc\0\xff.txt\0-\0"[..]).unwrap();
        let path = |bytes: &[u8]| Named::Path(PathBuf::from(OsString::from_vec(bytes.to_vec())));
        assert_eq!(found, [path(b"a"), path(b"b\nc"), path(b"\xff.txt"), path(b"-")]);
    }

    #[test]
    fn standard_input_has_a_name_and_is_named_once() {
        let one = InputArgs { stdin_name: Some("a.pdf".to_owned()), ..args(&["-"]) };
        let found = named(&one, &mut io::empty()).unwrap();
        assert_eq!(found, [Named::Stdin { name: "a.pdf".to_owned() }]);
        assert!(named(&args(&["-", "-"]), &mut io::empty()).is_err());
        let both = InputArgs { files_from: Some("-".into()), ..args(&["-"]) };
        assert!(named(&both, &mut io::empty()).is_err());
        let none = InputArgs { stdin_name: Some("a.pdf".to_owned()), ..args(&["b"]) };
        assert!(named(&none, &mut io::empty()).is_err());
    }
}
