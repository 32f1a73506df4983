//! Numbers of lists in Chinese, Japanese and Korean documents.

use super::NumberFormat;

const DIGITS: &str = "〇一二三四五六七八九";
const FULL_WIDTH: &str = "０１２３４５６７８９";
const STEMS: &str = "甲乙丙丁戊己庚辛壬癸";
const BRANCHES: &str = "子丑寅卯辰巳午未申酉戌亥";
const AIUEO: &str =
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン";
const IROHA: &str =
    "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン";
const GANADA: &str = "가나다라마바사아자차카타파하";
const CHOSUNG: &str = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ";

/// Returns the format of a `w:numFmt` value, if it is one of these.
pub(super) fn named(name: &[u8]) -> Option<NumberFormat> {
    Some(match name {
        b"ideographDigital" | b"japaneseDigitalTenThousand" | b"taiwaneseDigital" | b"koreanDigital2" => {
            NumberFormat::Digits(DIGITS)
        }
        b"decimalFullWidth" | b"decimalFullWidth2" => NumberFormat::Digits(FULL_WIDTH),
        b"japaneseCounting" => NumberFormat::Ideographs { chinese: false },
        b"chineseCounting"
        | b"chineseCountingThousand"
        | b"taiwaneseCounting"
        | b"taiwaneseCountingThousand" => NumberFormat::Ideographs { chinese: true },
        b"ideographTraditional" => NumberFormat::Alphabet(STEMS),
        b"ideographZodiac" => NumberFormat::Alphabet(BRANCHES),
        b"aiueo" | b"aiueoFullWidth" => NumberFormat::Alphabet(AIUEO),
        b"iroha" | b"irohaFullWidth" => NumberFormat::Alphabet(IROHA),
        b"ganada" => NumberFormat::Alphabet(GANADA),
        b"chosung" => NumberFormat::Alphabet(CHOSUNG),
        _ => return None,
    })
}

/// Counts in ideographs below ten thousand. No way of counting says one before a ten at the front.
pub(super) fn count(number: u32, chinese: bool, out: &mut String) {
    if number == 0 || number >= 10_000 {
        out.push_str(&number.to_string());
        return;
    }
    let mut skipped = false;
    let from = out.len();
    for (value, unit) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / value % 10;
        let at_front = out.len() == from;
        if digit == 0 {
            skipped = !at_front;
            continue;
        }
        if std::mem::take(&mut skipped) && chinese {
            out.push('零');
        }
        let says_one = value == 1 || (chinese && !(value == 10 && at_front));
        if digit > 1 || says_one {
            out.extend(usize::try_from(digit).ok().and_then(|digit| DIGITS.chars().nth(digit)));
        }
        out.push_str(unit);
    }
}
