//! What authors say of pictures: their alternative text. What a program filled in says nothing.

use crate::xml::Tag;

/// Returns the description in the attribute `name`, else in `title`, if a person wrote it.
pub(crate) fn of(tag: Tag<'_>, name: &[u8]) -> Option<String> {
    // LibreOffice up to 4 wrote the same two words for every picture.
    let is_default = |text: &str| text == "A description..." && tag.raw(b"name") == Some(b"Picture");
    let found = |name: &[u8]| tag.value(name).filter(|text| !is_default(text.trim()) && is_by_hand(text));
    found(name).or_else(|| found(b"title")).map(std::borrow::Cow::into_owned)
}

/// Tells whether a description says something that a program did not fill in.
pub(crate) fn is_by_hand(text: &str) -> bool {
    let text = text.trim();
    !(text.is_empty() || is_file_name(text) || is_numbered(text) || is_guess(text))
}

/// Tells whether a description is only the name of the file the picture came from, as office programs fill it in.
fn is_file_name(text: &str) -> bool {
    const EXTENSIONS: [&str; 12] =
        ["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "wmf", "emf", "svg", "webp", "jpe"];
    text.rsplit_once('.')
        .is_some_and(|(_, extension)| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Tells whether a description is only the name that a program gives its objects, such as `Picture 3`.
fn is_numbered(text: &str) -> bool {
    const NAMES: [&str; 16] = [
        "picture",
        "image",
        "graphic",
        "shape",
        "object",
        "bild",
        "grafik",
        "objekt",
        "immagine",
        "imagen",
        "imagem",
        "afbeelding",
        "obraz",
        "рисунок",
        "图片",
        "図",
    ];
    text.rsplit_once(' ').is_some_and(|(name, number)| {
        number.bytes().all(|digit| digit.is_ascii_digit()) && NAMES.contains(&name.to_lowercase().as_str())
    })
}

/// Tells whether a description is the guess of a machine. Office programs say so in its last line, in the language of
/// the user: "Description automatically generated", "AI-generated content may be incorrect."
fn is_guess(text: &str) -> bool {
    const NOTICES: [&str; 26] = [
        "description automatically generated",
        "ai-generated content may be incorrect",
        "automatisch generierte beschreibung",
        "ki-generierte inhalte können fehlerhaft sein",
        "description générée automatiquement",
        "généré par l’ia peut être incorrect",
        "généré par l'ia peut être incorrect",
        "descripción generada automáticamente",
        "generado por ia puede ser incorrecto",
        "descrizione generata automaticamente",
        "generato dall'ia potrebbe non essere corretto",
        "generato dall’ia potrebbe non essere corretto",
        "descrição gerada automaticamente",
        "gerado por ia pode estar incorreto",
        "automatisch gegenereerde beschrijving",
        "door ai gegenereerde inhoud is mogelijk onjuist",
        "opis wygenerowany automatycznie",
        "automatiskt genererad beskrivning",
        "automatisk genereret beskrivelse",
        "автоматически созданное описание",
        "описание создано автоматически",
        "描述已自动生成",
        "生成的内容可能不正确",
        "自動的に生成された説明",
        "生成コンテンツは誤りを含む可能性があります",
        "자동 생성된 설명",
    ];
    let last = text.lines().next_back().unwrap_or_default().to_lowercase();
    NOTICES.iter().any(|notice| last.contains(notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_person_wrote_describes() {
        for text in [
            "C:\\pier\\west.JPG",
            "Picture 3",
            "рисунок 12",
            "A dog sitting on grass\n\nDescription automatically generated with medium confidence",
            "A red and blue square\n\nAI-generated content may be incorrect.",
            "图形用户界面\n\nAI 生成的内容可能不正确。",
        ] {
            assert!(is_file_name(text) || is_numbered(text) || is_guess(text), "{text}");
        }
        for text in ["A pier.", "Picture of a pier", "Figure 3", "Automatically generated\n\nby hand", "3"] {
            assert!(!is_file_name(text) && !is_numbered(text) && !is_guess(text), "{text}");
        }
    }
}
