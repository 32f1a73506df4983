//! How a message refers to a stored file (Messages API, page "Files", table of block types).

use serde_json::{Value as Json, json};

use super::Consumer;

/// Where the model finds a stored file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Where the block of a message says.
    Block(Block),
    /// In the sandbox of a session, whose prompt has no part of it (docs, managed-agents/files).
    Mounted,
}

impl Place {
    /// Decides by the consumer and the stored media type.
    #[must_use]
    pub fn of(consumer: Consumer, media_type: &str) -> Self {
        match consumer {
            Consumer::Sessions => Self::Mounted,
            Consumer::Messages | Consumer::CodeExecution => Self::Block(Block::of(consumer, media_type)),
        }
    }

    /// Returns the name of the block's `type`, or `mounted`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block(block) => block.as_str(),
            Self::Mounted => "mounted",
        }
    }

    /// Tells whether the model has the file before it, without the use of a tool.
    #[must_use]
    pub fn is_prompt(self) -> bool {
        matches!(self, Self::Block(Block::Document | Block::Image))
    }
}

/// A kind of content block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// A PDF or plain text, which the model reads.
    Document,
    /// A picture, which the model sees.
    Image,
    /// Anything else, and what was uploaded for it: a file in the container of the code execution tool.
    ContainerUpload,
}

impl Block {
    /// Decides by the stored media type, for every consumer but code execution, whose files go into the container.
    #[must_use]
    pub fn of(consumer: Consumer, media_type: &str) -> Self {
        if consumer == Consumer::CodeExecution {
            return Self::ContainerUpload;
        }
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/pdf" | "text/plain" => Self::Document,
            "image/jpeg" | "image/png" | "image/gif" | "image/webp" => Self::Image,
            _ => Self::ContainerUpload,
        }
    }

    /// Returns the name of its `type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Image => "image",
            Self::ContainerUpload => "container_upload",
        }
    }

    /// Returns the block that refers to a file, without options.
    #[must_use]
    pub fn json(self, file_id: &str) -> Json {
        let kind = self.as_str();
        match self {
            Self::Document | Self::Image => {
                json!({ "type": kind, "source": { "type": "file", "file_id": file_id } })
            }
            Self::ContainerUpload => json!({ "type": kind, "file_id": file_id }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_type_decides() {
        for (consumer, media_type, expected) in [
            (Consumer::Messages, "application/pdf", Block::Document),
            (Consumer::Messages, "text/plain; charset=utf-8", Block::Document),
            (Consumer::Messages, "Image/PNG", Block::Image),
            (Consumer::Sessions, "image/webp", Block::Image),
            (Consumer::Messages, "image/svg+xml", Block::ContainerUpload),
            (Consumer::Messages, "text/csv", Block::ContainerUpload),
            (Consumer::CodeExecution, "application/pdf", Block::ContainerUpload),
            (Consumer::Messages, "", Block::ContainerUpload),
        ] {
            assert_eq!(Block::of(consumer, media_type), expected, "{media_type}");
        }
        assert_eq!(Block::ContainerUpload.json("f"), json!({"type": "container_upload", "file_id": "f"}));
    }

    #[test]
    fn what_is_mounted_or_in_a_container_is_no_part_of_the_prompt() {
        for (consumer, media_type, name, is_prompt) in [
            (Consumer::Messages, "application/pdf", "document", true),
            (Consumer::Messages, "image/png", "image", true),
            (Consumer::Messages, "text/csv", "container_upload", false),
            (Consumer::CodeExecution, "text/plain", "container_upload", false),
            (Consumer::Sessions, "application/pdf", "mounted", false),
            (Consumer::Sessions, "text/csv", "mounted", false),
        ] {
            let place = Place::of(consumer, media_type);
            assert_eq!((place.as_str(), place.is_prompt()), (name, is_prompt), "{consumer} {media_type}");
        }
    }
}
