//! Which uploads the Qoder dialect takes ("Supported upload file types"): a listed media type or a listed name.

use crate::model::MediaType;

const MEDIA_TYPES: [&str; 6] = [
    "text/*",
    "application/json",
    "application/xml",
    "application/javascript",
    "application/x-yaml",
    "application/x-toml",
];

#[rustfmt::skip]
const EXTENSIONS: [&str; 60] = [
    "txt", "md", "csv", "json", "xml", "yaml", "yml", "toml", "ini", "conf", "cfg", "env", "log", "html", "htm",
    "css", "scss", "less", "js", "jsx", "ts", "tsx", "vue", "svelte", "py", "go", "rs", "java", "kt", "scala", "c",
    "cpp", "cc", "h", "hpp", "rb", "php", "swift", "r", "lua", "pl", "sh", "bash", "zsh", "fish", "ps1", "sql",
    "graphql", "gql", "proto", "dockerfile", "makefile", "gitignore", "editorconfig", "eslintrc", "prettierrc",
    "tex", "rst", "adoc", "org",
];
/// Text by the list, an image by its media type.
const SVG: &str = "svg";

const BARE_NAMES: [&str; 8] =
    ["dockerfile", "makefile", "gemfile", "rakefile", "procfile", "vagrantfile", "justfile", "brewfile"];

/// Tells whether a file of this type and name is taken; the case of names does not count.
pub(super) fn is_accepted(media_type: &MediaType, name: &str) -> bool {
    let name = name.to_lowercase();
    let named = match name.rsplit_once('.') {
        Some((_, extension)) => extension == SVG || EXTENSIONS.contains(&extension),
        None => BARE_NAMES.contains(&name.as_str()),
    };
    named || MEDIA_TYPES.iter().any(|pattern| media_type.matches(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_either_a_listed_type_or_a_listed_name() {
        let rows = [
            ("text/x-anything", "noext", true),
            ("application/octet-stream", "main.rs", true),
            ("application/pdf", "liar.txt", true),
            ("application/octet-stream", "Makefile", true),
            ("application/octet-stream", ".env", true),
            ("image/svg+xml", "a.svg", true),
            ("application/json", "a.bin", true),
            ("application/pdf", "a.pdf", false),
            ("application/octet-stream", "noext", false),
            ("application/octet-stream", "a.docx", false),
        ];
        for (media_type, name, accepted) in rows {
            assert_eq!(is_accepted(&media_type.parse().unwrap(), name), accepted, "{media_type} {name}");
        }
    }
}
