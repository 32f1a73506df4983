//! The table of formats: the single place where a format is registered.
//!
//! Media types are the registered ones. Where none is registered, a text format gets a `text/x-` type:
//! stores that take text know it by `text/*`, and would refuse the `application/` types that some use.

use super::{Family, Format, FormatSpec, docx, odp, ods, odt, plain, pptx, xls, xlsb, xlsx};
use crate::Converter;

const fn row(format: Format, name: &'static str, title: &'static str, family: Family) -> FormatSpec {
    FormatSpec {
        format,
        name,
        title,
        family,
        media_type: "application/octet-stream",
        extensions: &[],
        bare_names: &[],
        converter: None,
    }
}

const fn text(format: Format, name: &'static str, title: &'static str) -> FormatSpec {
    row(format, name, title, Family::Text).media("text/plain").by(&plain::TextToUtf8 { separator: None })
}

const fn document(format: Format, name: &'static str, title: &'static str) -> FormatSpec {
    row(format, name, title, Family::Document)
}

impl FormatSpec {
    const fn media(self, media_type: &'static str) -> Self {
        Self { media_type, ..self }
    }

    const fn ext(self, extensions: &'static [(&'static str, &'static str)]) -> Self {
        Self { extensions, ..self }
    }

    const fn bare(self, bare_names: &'static [&'static str]) -> Self {
        Self { bare_names, ..self }
    }

    const fn by(self, converter: &'static dyn Converter) -> Self {
        Self { converter: Some(converter), ..self }
    }
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const DOTX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.template";
const DOCM: &str = "application/vnd.ms-word.document.macroenabled.12";
const DOTM: &str = "application/vnd.ms-word.template.macroenabled.12";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const XLTX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.template";
const XLSM: &str = "application/vnd.ms-excel.sheet.macroenabled.12";
const XLSB: &str = "application/vnd.ms-excel.sheet.binary.macroenabled.12";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const PPSX: &str = "application/vnd.openxmlformats-officedocument.presentationml.slideshow";
const PPTM: &str = "application/vnd.ms-powerpoint.presentation.macroenabled.12";
const ODT: &str = "application/vnd.oasis.opendocument.text";
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";
const ODP: &str = "application/vnd.oasis.opendocument.presentation";
const ODG: &str = "application/vnd.oasis.opendocument.graphics";
const FODT: &str = "application/vnd.oasis.opendocument.text-flat-xml";
const FODS: &str = "application/vnd.oasis.opendocument.spreadsheet-flat-xml";
const FODP: &str = "application/vnd.oasis.opendocument.presentation-flat-xml";

/// The table, in the order of [`Format::ALL`].
#[rustfmt::skip]
pub static FORMATS: &[FormatSpec] = &[
    text(Format::PlainText, "plain-text", "plain text")
        .ext(&[
            ("txt", "text/plain"), ("text", "text/plain"), ("asc", "text/plain"), ("nfo", "text/plain"),
            ("srt", "text/plain"), ("vtt", "text/vtt"), ("ics", "text/calendar"), ("vcf", "text/vcard"),
            ("textile", "text/plain"), ("bib", "text/x-bibtex"), ("po", "text/x-gettext-translation"),
            ("pem", "text/plain"), ("lst", "text/plain"),
        ])
        .bare(&[
            "license", "licence", "copying", "readme", "changelog", "changes", "news", "authors", "contributors",
            "notice", "todo", "install", "maintainers", "codeowners", "version", "unlicense", "patents", "credits",
        ]),
    text(Format::Markdown, "markdown", "Markdown").media("text/markdown").ext(&[
        ("md", "text/markdown"), ("markdown", "text/markdown"), ("mdown", "text/markdown"),
        ("mkd", "text/markdown"), ("mdx", "text/markdown"), ("qmd", "text/markdown"), ("rmd", "text/markdown"),
    ]),
    text(Format::Csv, "csv", "comma-separated values").media("text/csv").ext(&[("csv", "text/csv")])
        .by(&plain::TextToUtf8 { separator: Some(b',') }),
    text(Format::Tsv, "tsv", "tab-separated values").media("text/tab-separated-values").ext(&[
        ("tsv", "text/tab-separated-values"), ("tab", "text/tab-separated-values"),
    ]).by(&plain::TextToUtf8 { separator: Some(b'\t') }),
    text(Format::Json, "json", "JSON").media("application/json").ext(&[
        ("json", "application/json"), ("geojson", "application/geo+json"), ("jsonld", "application/ld+json"),
        ("json5", "text/x-json5"), ("jsonc", "text/x-jsonc"), ("webmanifest", "application/manifest+json"),
        ("har", "application/json"), ("avsc", "application/json"),
    ]),
    text(Format::JsonLines, "json-lines", "JSON Lines").media("text/x-ndjson").ext(&[
        ("jsonl", "text/x-ndjson"), ("ndjson", "text/x-ndjson"),
    ]),
    text(Format::Xml, "xml", "XML").media("application/xml").ext(&[
        ("xml", "application/xml"), ("xsd", "application/xml"), ("xsl", "application/xslt+xml"),
        ("xslt", "application/xslt+xml"), ("dtd", "application/xml-dtd"), ("rss", "application/rss+xml"),
        ("atom", "application/atom+xml"), ("kml", "application/vnd.google-earth.kml+xml"),
        ("gpx", "application/gpx+xml"), ("plist", "application/xml"), ("rdf", "application/rdf+xml"),
        ("wsdl", "application/wsdl+xml"), ("xliff", "application/xliff+xml"), ("xlf", "application/xliff+xml"),
        ("xaml", "application/xaml+xml"), ("resx", "application/xml"), ("fb2", "text/x-fictionbook+xml"),
        ("csproj", "application/xml"), ("vbproj", "application/xml"), ("props", "application/xml"),
        ("docbook", "application/docbook+xml"), ("opml", "text/x-opml"), ("tei", "application/tei+xml"),
        ("mathml", "application/mathml+xml"),
    ]),
    text(Format::Yaml, "yaml", "YAML").media("application/x-yaml").ext(&[
        ("yaml", "application/x-yaml"), ("yml", "application/x-yaml"),
    ]).bare(&[".clang-format", ".clang-tidy", ".yamllint", "pubspec.lock"]),
    text(Format::Toml, "toml", "TOML").media("application/x-toml").ext(&[("toml", "application/x-toml")])
        .bare(&["cargo.lock", "poetry.lock", "uv.lock", "pipfile"]),
    text(Format::Config, "config", "settings")
        .ext(&[
            ("ini", "text/plain"), ("conf", "text/plain"), ("cfg", "text/plain"), ("config", "text/plain"),
            ("properties", "text/x-java-properties"), ("editorconfig", "text/plain"), ("gitignore", "text/plain"),
            ("gitattributes", "text/plain"), ("gitmodules", "text/plain"), ("gitconfig", "text/plain"),
            ("dockerignore", "text/plain"), ("npmignore", "text/plain"), ("ignore", "text/plain"),
            ("eslintignore", "text/plain"), ("prettierignore", "text/plain"), ("eslintrc", "text/plain"),
            ("prettierrc", "text/plain"), ("stylelintrc", "text/plain"), ("babelrc", "text/plain"),
            ("npmrc", "text/plain"), ("yarnrc", "text/plain"), ("nvmrc", "text/plain"), ("pylintrc", "text/plain"),
            ("flake8", "text/plain"), ("coveragerc", "text/plain"), ("inputrc", "text/plain"),
            ("wgetrc", "text/plain"), ("curlrc", "text/plain"), ("htaccess", "text/plain"),
            ("desktop", "text/plain"), ("service", "text/plain"), ("reg", "text/plain"), ("inf", "text/plain"),
            ("lock", "text/plain"), ("mailmap", "text/plain"), ("sln", "text/plain"),
        ])
        .bare(&[
            "go.mod", "go.sum", "go.work", "requirements.txt", "cmakecache.txt", "hosts", "crontab", "fstab",
        ]),
    text(Format::Env, "env", "environment variables").ext(&[("env", "text/plain"), ("envrc", "text/plain")]),
    text(Format::Log, "log", "log").ext(&[("log", "text/plain")]),
    text(Format::Html, "html", "HTML").media("text/html").ext(&[
        ("html", "text/html"), ("htm", "text/html"), ("xhtml", "application/xhtml+xml"),
        ("xht", "application/xhtml+xml"), ("shtml", "text/html"),
    ]),
    text(Format::Css, "css", "style sheet").media("text/css").ext(&[
        ("css", "text/css"), ("scss", "text/x-scss"), ("sass", "text/x-sass"), ("less", "text/x-less"),
        ("styl", "text/x-stylus"), ("pcss", "text/css"),
    ]),
    text(Format::Svg, "svg", "SVG drawing").media("image/svg+xml").ext(&[("svg", "image/svg+xml")]),
    text(Format::SourceCode, "source-code", "source code")
        .ext(&[
            ("js", "text/javascript"), ("mjs", "text/javascript"), ("cjs", "text/javascript"),
            ("jsx", "text/x-jsx"), ("ts", "text/x-typescript"), ("mts", "text/x-typescript"),
            ("cts", "text/x-typescript"), ("tsx", "text/x-tsx"), ("vue", "text/x-vue"), ("svelte", "text/x-svelte"),
            ("astro", "text/x-astro"), ("py", "text/x-python"), ("pyi", "text/x-python"), ("pyw", "text/x-python"),
            ("pyx", "text/x-cython"), ("go", "text/x-go"), ("rs", "text/x-rust"), ("java", "text/x-java"),
            ("kt", "text/x-kotlin"), ("kts", "text/x-kotlin"), ("scala", "text/x-scala"), ("sbt", "text/x-scala"),
            ("groovy", "text/x-groovy"), ("gradle", "text/x-groovy"), ("clj", "text/x-clojure"),
            ("cljs", "text/x-clojure"), ("edn", "text/x-clojure"), ("c", "text/x-c"), ("h", "text/x-c"),
            ("cpp", "text/x-c++"), ("cc", "text/x-c++"), ("cxx", "text/x-c++"), ("hpp", "text/x-c++"),
            ("hh", "text/x-c++"), ("hxx", "text/x-c++"), ("inl", "text/x-c++"), ("ino", "text/x-c++"),
            ("cu", "text/x-cuda"), ("m", "text/x-objective-c"), ("mm", "text/x-objective-c++"),
            ("cs", "text/x-csharp"), ("csx", "text/x-csharp"), ("fs", "text/x-fsharp"), ("fsx", "text/x-fsharp"),
            ("vb", "text/x-vb"), ("bas", "text/x-basic"), ("vbs", "text/x-vbscript"), ("rb", "text/x-ruby"),
            ("erb", "text/x-erb"), ("gemspec", "text/x-ruby"), ("rake", "text/x-ruby"), ("php", "text/x-php"),
            ("phtml", "text/x-php"), ("swift", "text/x-swift"), ("r", "text/x-r"), ("lua", "text/x-lua"),
            ("pl", "text/x-perl"), ("pm", "text/x-perl"), ("raku", "text/x-raku"), ("jl", "text/x-julia"),
            ("dart", "text/x-dart"), ("ex", "text/x-elixir"), ("exs", "text/x-elixir"), ("erl", "text/x-erlang"),
            ("hrl", "text/x-erlang"), ("hs", "text/x-haskell"), ("lhs", "text/x-haskell"),
            ("elm", "text/x-elm"), ("ml", "text/x-ocaml"), ("mli", "text/x-ocaml"), ("nim", "text/x-nim"),
            ("zig", "text/x-zig"), ("d", "text/x-d"), ("ada", "text/x-ada"), ("adb", "text/x-ada"),
            ("ads", "text/x-ada"), ("pas", "text/x-pascal"), ("f", "text/x-fortran"), ("f77", "text/x-fortran"),
            ("f90", "text/x-fortran"), ("f95", "text/x-fortran"), ("for", "text/x-fortran"),
            ("cob", "text/x-cobol"), ("cbl", "text/x-cobol"), ("lisp", "text/x-common-lisp"),
            ("el", "text/x-emacs-lisp"), ("scm", "text/x-scheme"), ("rkt", "text/x-racket"),
            ("asm", "text/x-asm"), ("s", "text/x-asm"), ("v", "text/x-verilog"), ("sv", "text/x-systemverilog"),
            ("vhd", "text/x-vhdl"), ("vhdl", "text/x-vhdl"), ("tcl", "text/x-tcl"), ("awk", "text/x-awk"),
            ("sed", "text/x-sed"), ("vim", "text/x-vim"), ("nix", "text/x-nix"), ("sol", "text/x-solidity"),
            ("wat", "text/x-wat"), ("coffee", "text/x-coffeescript"), ("cr", "text/x-crystal"),
            ("ps1", "text/x-powershell"), ("psm1", "text/x-powershell"), ("psd1", "text/x-powershell"),
            ("bat", "text/x-bat"), ("cmd", "text/x-bat"), ("tf", "text/x-terraform"), ("tfvars", "text/x-terraform"),
            ("hcl", "text/x-hcl"), ("bicep", "text/x-bicep"), ("cmake", "text/x-cmake"), ("mk", "text/x-makefile"),
            ("makefile", "text/x-makefile"), ("dockerfile", "text/x-dockerfile"), ("mak", "text/x-makefile"),
            ("bzl", "text/x-starlark"), ("star", "text/x-starlark"), ("thrift", "text/x-thrift"),
            ("avdl", "text/x-avro"), ("capnp", "text/x-capnp"), ("fbs", "text/x-flatbuffers"),
            ("jinja", "text/x-jinja"), ("j2", "text/x-jinja"), ("hbs", "text/x-handlebars"),
            ("mustache", "text/x-mustache"), ("ejs", "text/x-ejs"), ("pug", "text/x-pug"), ("haml", "text/x-haml"),
            ("twig", "text/x-twig"), ("liquid", "text/x-liquid"), ("tpl", "text/plain"), ("tmpl", "text/plain"),
            ("puml", "text/x-plantuml"), ("mmd", "text/x-mermaid"),
            ("gv", "text/vnd.graphviz"), ("glsl", "text/x-glsl"), ("wgsl", "text/x-wgsl"), ("hlsl", "text/x-hlsl"),
            ("gd", "text/x-gdscript"), ("applescript", "text/x-applescript"), ("abap", "text/x-abap"),
            ("apex", "text/x-apex"), ("sas", "text/x-sas"), ("do", "text/x-stata"), ("prolog", "text/x-prolog"),
            ("metal", "text/x-metal"), ("rego", "text/x-rego"), ("cue", "text/x-cue"), ("dhall", "text/x-dhall"),
            ("jsonnet", "text/x-jsonnet"), ("feature", "text/x-gherkin"), ("http", "text/x-http"),
        ])
        .bare(&[
            "dockerfile", "containerfile", "makefile", "gnumakefile", "gemfile", "rakefile", "procfile",
            "vagrantfile", "justfile", "brewfile", "jenkinsfile", "podfile", "fastfile", "appfile", "guardfile",
            "caddyfile", "snakefile", "tiltfile", "earthfile", "build", "workspace", "sconstruct", "cmakelists.txt",
            "berksfile", "capfile", "dangerfile", "thorfile", "puppetfile", "taskfile", ".vimrc", ".pryrc",
            ".irbrc", "meson.build", "gemfile.lock",
        ]),
    text(Format::Shell, "shell", "shell script").media("text/x-shellscript")
        .ext(&[
            ("sh", "text/x-shellscript"), ("bash", "text/x-shellscript"), ("zsh", "text/x-shellscript"),
            ("fish", "text/x-shellscript"), ("ksh", "text/x-shellscript"), ("csh", "text/x-shellscript"),
            ("bats", "text/x-shellscript"), ("bashrc", "text/x-shellscript"), ("zshrc", "text/x-shellscript"),
            ("profile", "text/x-shellscript"), ("bash_profile", "text/x-shellscript"),
            ("zprofile", "text/x-shellscript"), ("zshenv", "text/x-shellscript"),
            ("bash_aliases", "text/x-shellscript"), ("bash_logout", "text/x-shellscript"),
        ])
        .bare(&["pkgbuild", "configure", "gradlew", "mvnw"]),
    text(Format::Sql, "sql", "SQL").media("text/x-sql").ext(&[
        ("sql", "text/x-sql"), ("ddl", "text/x-sql"), ("dml", "text/x-sql"), ("psql", "text/x-sql"),
    ]),
    text(Format::GraphQl, "graphql", "GraphQL").media("text/x-graphql").ext(&[
        ("graphql", "text/x-graphql"), ("gql", "text/x-graphql"), ("graphqls", "text/x-graphql"),
    ]),
    text(Format::Proto, "proto", "Protocol Buffers definition").media("text/x-protobuf").ext(&[
        ("proto", "text/x-protobuf"),
    ]),
    text(Format::Diff, "diff", "difference between texts").media("text/x-diff").ext(&[
        ("diff", "text/x-diff"), ("patch", "text/x-diff"), ("rej", "text/x-diff"),
    ]),
    text(Format::ReStructuredText, "restructuredtext", "reStructuredText").media("text/x-rst").ext(&[
        ("rst", "text/x-rst"), ("rest", "text/x-rst"),
    ]),
    text(Format::AsciiDoc, "asciidoc", "AsciiDoc").media("text/asciidoc").ext(&[
        ("adoc", "text/asciidoc"), ("asciidoc", "text/asciidoc"),
    ]),
    text(Format::Org, "org", "Org mode text").media("text/org").ext(&[("org", "text/org")]),
    text(Format::Tex, "tex", "TeX").media("text/x-tex").ext(&[
        ("tex", "text/x-tex"), ("latex", "text/x-tex"), ("ltx", "text/x-tex"), ("sty", "text/x-tex"),
        ("cls", "text/x-tex"), ("dtx", "text/x-tex"),
    ]),
    text(Format::Notebook, "notebook", "Jupyter notebook").media("application/x-ipynb+json").ext(&[
        ("ipynb", "application/x-ipynb+json"),
    ]),
    text(Format::Eml, "eml", "mail message").media("message/rfc822").ext(&[
        ("eml", "message/rfc822"), ("mht", "multipart/related"), ("mhtml", "multipart/related"),
    ]),
    text(Format::Mbox, "mbox", "mailbox").media("application/mbox").ext(&[("mbox", "application/mbox")]),
    document(Format::Docx, "docx", "Word document").media(DOCX).ext(&[("docx", DOCX)]).by(&docx::DocxToMarkdown),
    document(Format::Docm, "docm", "Word document with macros").media(DOCM).ext(&[("docm", DOCM)])
        .by(&docx::DocxToMarkdown),
    document(Format::Dotx, "dotx", "Word template").media(DOTX).ext(&[("dotx", DOTX)]).by(&docx::DocxToMarkdown),
    document(Format::Dotm, "dotm", "Word template with macros").media(DOTM).ext(&[("dotm", DOTM)])
        .by(&docx::DocxToMarkdown),
    document(Format::Xlsx, "xlsx", "Excel workbook").media(XLSX).ext(&[("xlsx", XLSX)]).by(&xlsx::XlsxToCsv),
    document(Format::Xlsm, "xlsm", "Excel workbook with macros").media(XLSM)
        .ext(&[("xlsm", XLSM), ("xltm", "application/vnd.ms-excel.template.macroenabled.12")])
        .by(&xlsx::XlsxToCsv),
    document(Format::Xltx, "xltx", "Excel template").media(XLTX).ext(&[("xltx", XLTX)]).by(&xlsx::XlsxToCsv),
    document(Format::Xlsb, "xlsb", "Excel binary workbook").media(XLSB).ext(&[("xlsb", XLSB)]).by(&xlsb::XlsbToCsv),
    document(Format::Pptx, "pptx", "PowerPoint presentation").media(PPTX).ext(&[
        ("pptx", PPTX), ("potx", "application/vnd.openxmlformats-officedocument.presentationml.template"),
    ]).by(&pptx::PptxToMarkdown),
    document(Format::Pptm, "pptm", "PowerPoint presentation with macros").media(PPTM).ext(&[
        ("pptm", PPTM), ("ppsm", "application/vnd.ms-powerpoint.slideshow.macroenabled.12"),
        ("potm", "application/vnd.ms-powerpoint.template.macroenabled.12"),
    ]).by(&pptx::PptxToMarkdown),
    document(Format::Ppsx, "ppsx", "PowerPoint show").media(PPSX).ext(&[("ppsx", PPSX)])
        .by(&pptx::PptxToMarkdown),
    document(Format::EncryptedOoxml, "encrypted-ooxml", "encrypted Office document")
        .media("application/x-ole-storage"),
    document(Format::Odt, "odt", "OpenDocument text").media(ODT).ext(&[
        ("odt", ODT), ("ott", "application/vnd.oasis.opendocument.text-template"),
    ]).by(&odt::OdtToMarkdown),
    document(Format::Ods, "ods", "OpenDocument spreadsheet").media(ODS).ext(&[
        ("ods", ODS), ("ots", "application/vnd.oasis.opendocument.spreadsheet-template"),
    ]).by(&ods::OdsToCsv),
    document(Format::Odp, "odp", "OpenDocument presentation").media(ODP).ext(&[
        ("odp", ODP), ("otp", "application/vnd.oasis.opendocument.presentation-template"),
    ]).by(&odp::OdpToMarkdown),
    document(Format::Odg, "odg", "OpenDocument drawing").media(ODG).ext(&[
        ("odg", ODG), ("otg", "application/vnd.oasis.opendocument.graphics-template"),
    ]),
    document(Format::Fodt, "fodt", "OpenDocument text in one XML file").media(FODT).ext(&[("fodt", FODT)])
        .by(&odt::OdtToMarkdown),
    document(Format::Fods, "fods", "OpenDocument spreadsheet in one XML file").media(FODS)
        .ext(&[("fods", FODS)]).by(&ods::OdsToCsv),
    document(Format::Fodp, "fodp", "OpenDocument presentation in one XML file").media(FODP).ext(&[("fodp", FODP)])
        .by(&odp::OdpToMarkdown),
    document(Format::FlatOdf, "flat-odf", "other OpenDocument in one XML file").media("application/xml").ext(&[
        ("fodg", "application/vnd.oasis.opendocument.graphics-flat-xml"),
    ]),
    document(Format::Doc, "doc", "Word 97-2003 document").media("application/msword").ext(&[
        ("doc", "application/msword"),
    ]),
    document(Format::Xls, "xls", "Excel 97-2003 workbook").media("application/vnd.ms-excel")
        .ext(&[
            ("xls", "application/vnd.ms-excel"), ("xlt", "application/vnd.ms-excel"),
            ("xlw", "application/vnd.ms-excel"),
        ])
        .by(&xls::XlsToCsv),
    document(Format::Ppt, "ppt", "PowerPoint 97-2003 presentation").media("application/vnd.ms-powerpoint").ext(&[
        ("ppt", "application/vnd.ms-powerpoint"), ("pps", "application/vnd.ms-powerpoint"),
    ]),
    document(Format::Msg, "msg", "Outlook message").media("application/vnd.ms-outlook").ext(&[
        ("msg", "application/vnd.ms-outlook"),
    ]),
    document(Format::Ole, "ole", "OLE compound file").media("application/x-ole-storage").ext(&[
        ("vsd", "application/vnd.visio"),
        ("mpp", "application/vnd.ms-project"), ("msi", "application/x-msi"), ("wps", "application/vnd.ms-works"),
    ]),
    document(Format::Pdf, "pdf", "PDF").media("application/pdf").ext(&[("pdf", "application/pdf")]),
    document(Format::Epub, "epub", "EPUB book").media("application/epub+zip").ext(&[
        ("epub", "application/epub+zip"),
    ]),
    document(Format::Rtf, "rtf", "Rich Text Format").media("application/rtf").ext(&[("rtf", "application/rtf")]),
    row(Format::Jpeg, "jpeg", "JPEG image", Family::Image).media("image/jpeg").ext(&[
        ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("jpe", "image/jpeg"), ("jfif", "image/jpeg"),
    ]),
    row(Format::Png, "png", "PNG image", Family::Image).media("image/png").ext(&[("png", "image/png")]),
    row(Format::Gif, "gif", "GIF image", Family::Image).media("image/gif").ext(&[("gif", "image/gif")]),
    row(Format::Webp, "webp", "WebP image", Family::Image).media("image/webp").ext(&[("webp", "image/webp")]),
    row(Format::Tiff, "tiff", "TIFF image", Family::Image).media("image/tiff").ext(&[
        ("tif", "image/tiff"), ("tiff", "image/tiff"),
    ]),
    row(Format::Bmp, "bmp", "BMP image", Family::Image).media("image/bmp").ext(&[("bmp", "image/bmp")]),
    row(Format::Heic, "heic", "HEIC image", Family::Image).media("image/heic").ext(&[
        ("heic", "image/heic"), ("heif", "image/heif"),
    ]),
    row(Format::Avif, "avif", "AVIF image", Family::Image).media("image/avif").ext(&[("avif", "image/avif")]),
    row(Format::Image, "image", "image", Family::Image).ext(&[
        ("ico", "image/vnd.microsoft.icon"), ("psd", "image/vnd.adobe.photoshop"), ("jp2", "image/jp2"),
        ("jxl", "image/jxl"), ("emf", "image/emf"), ("wmf", "image/wmf"),
    ]),
    row(Format::Zip, "zip", "ZIP archive", Family::Archive).media("application/zip").ext(&[
        ("zip", "application/zip"), ("jar", "application/java-archive"), ("war", "application/java-archive"),
        ("apk", "application/vnd.android.package-archive"), ("whl", "application/zip"),
        ("kmz", "application/vnd.google-earth.kmz"), ("nupkg", "application/zip"), ("xpi", "application/zip"),
        ("vsix", "application/zip"), ("cbz", "application/vnd.comicbook+zip"),
        ("vsdx", "application/vnd.ms-visio.drawing"), ("xps", "application/vnd.ms-xpsdocument"),
        ("pages", "application/vnd.apple.pages"), ("numbers", "application/vnd.apple.numbers"),
    ]),
    row(Format::Gzip, "gzip", "gzip", Family::Archive).media("application/gzip").ext(&[
        ("gz", "application/gzip"), ("tgz", "application/gzip"), ("svgz", "image/svg+xml-compressed"),
    ]),
    row(Format::Tar, "tar", "tar archive", Family::Archive).media("application/x-tar").ext(&[
        ("tar", "application/x-tar"),
    ]),
    row(Format::SevenZip, "7z", "7z archive", Family::Archive).media("application/x-7z-compressed").ext(&[
        ("7z", "application/x-7z-compressed"),
    ]),
    row(Format::Bzip2, "bzip2", "bzip2", Family::Archive).media("application/x-bzip2").ext(&[
        ("bz2", "application/x-bzip2"), ("tbz2", "application/x-bzip2"),
    ]),
    row(Format::Xz, "xz", "xz", Family::Archive).media("application/x-xz").ext(&[
        ("xz", "application/x-xz"), ("txz", "application/x-xz"),
    ]),
    row(Format::Zstd, "zstd", "Zstandard", Family::Archive).media("application/zstd").ext(&[
        ("zst", "application/zstd"), ("tzst", "application/zstd"),
    ]),
    row(Format::Rar, "rar", "RAR archive", Family::Archive).media("application/vnd.rar").ext(&[
        ("rar", "application/vnd.rar"), ("cbr", "application/vnd.comicbook-rar"),
    ]),
    row(Format::Audio, "audio", "sound", Family::Binary).ext(&[
        ("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("m4a", "audio/mp4"), ("flac", "audio/flac"),
        ("ogg", "audio/ogg"), ("oga", "audio/ogg"), ("opus", "audio/ogg"), ("aac", "audio/aac"),
        ("wma", "audio/x-ms-wma"), ("aiff", "audio/aiff"), ("mid", "audio/midi"), ("amr", "audio/amr"),
    ]),
    row(Format::Video, "video", "moving pictures", Family::Binary).ext(&[
        ("mp4", "video/mp4"), ("m4v", "video/mp4"), ("mov", "video/quicktime"), ("avi", "video/x-msvideo"),
        ("mkv", "video/matroska"), ("webm", "video/webm"), ("mpg", "video/mpeg"), ("mpeg", "video/mpeg"),
        ("wmv", "video/x-ms-wmv"), ("flv", "video/x-flv"), ("ogv", "video/ogg"), ("3gp", "video/3gpp"),
    ]),
    row(Format::Elf, "elf", "ELF program or library", Family::Binary).media("application/x-executable").ext(&[
        ("so", "application/x-sharedlib"), ("elf", "application/x-executable"),
    ]),
    row(Format::Pe, "pe", "Windows program or library", Family::Binary)
        .media("application/vnd.microsoft.portable-executable")
        .ext(&[
            ("exe", "application/vnd.microsoft.portable-executable"),
            ("dll", "application/vnd.microsoft.portable-executable"),
        ]),
    row(Format::Wasm, "wasm", "WebAssembly module", Family::Binary).media("application/wasm").ext(&[
        ("wasm", "application/wasm"),
    ]),
    row(Format::Sqlite, "sqlite", "SQLite database", Family::Binary).media("application/vnd.sqlite3").ext(&[
        ("sqlite", "application/vnd.sqlite3"), ("sqlite3", "application/vnd.sqlite3"),
    ]),
    row(Format::Parquet, "parquet", "Parquet table", Family::Binary).media("application/vnd.apache.parquet").ext(&[
        ("parquet", "application/vnd.apache.parquet"),
    ]),
    row(Format::Empty, "empty", "empty file", Family::Binary),
    row(Format::Unknown, "unknown", "unknown bytes", Family::Binary),
];
