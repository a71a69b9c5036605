//! A text that a stranger chose, such as a caller's name, as it may stand beside other texts.

use std::borrow::Cow;

/// The text without what is there to be not seen or to rule what stands beside it: control
/// characters, those that turn the direction of writing, and those that have no width. A joiner
/// stays where it joins, as in Persian words and in emoji; line ends become spaces.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if text
        .chars()
        .all(|char| ('\u{20}'..'\u{7f}').contains(&char))
    {
        return Cow::Borrowed(text.trim());
    }
    let kept: Vec<char> = text
        .chars()
        .map(|char| if is_line_end(char) { ' ' } else { char })
        .filter(|char| !char.is_control() && !turns(*char) && !is_unseen(*char))
        .collect();
    let joins = |place: usize| {
        let before = place.checked_sub(1).and_then(|place| kept.get(place));
        let after = kept.get(place + 1);
        [before, after]
            .into_iter()
            .all(|beside| beside.is_some_and(|beside| *beside > '\u{58f}' && !is_joiner(*beside)))
    };
    let places = kept.iter().enumerate();
    let shown = places.filter(|(place, char)| !is_joiner(**char) || joins(*place));
    let shown: String = shown.map(|(_, char)| *char).collect();
    Cow::Owned(shown.trim().to_owned())
}

const fn is_line_end(char: char) -> bool {
    matches!(char, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

const fn turns(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const fn is_unseen(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

const fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_name_stays_and_what_hides_in_it_goes() {
        for (sent, shown) in [
            ("Ada Lovelace", "Ada Lovelace"),
            (" Zoë\r\nO'Hara ", "Zoë  O'Hara"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("a\u{2066}b\u{2069}c\u{200f}d\u{61c}", "abcd"),
            ("A\u{200b}d\u{feff}a\u{ad}", "Ada"),
            ("A\u{7}d\u{1b}[31ma", "Ad[31ma"),
            ("\u{200b}\u{200d}\u{200d}\u{200c}", ""),
            ("Eve\u{200d}", "Eve"),
            ("E\u{200d}ve", "Eve"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}💻", "👩\u{200d}💻"),
            ("two\u{2028}lines", "two lines"),
            ("", ""),
        ] {
            assert_eq!(plain(sent), shown, "{sent:?}");
        }
    }
}
