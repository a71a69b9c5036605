//! What results are put into: lines, JSON, aligned columns.

pub(super) use super::text::{count, plain};
use super::{CliError, Out};

pub(super) fn line(out: Out<'_>, text: &str) -> Result<(), CliError> {
    writeln!(out, "{text}").map_err(CliError::Output)
}

/// One JSON text on one line.
pub(super) fn json(out: Out<'_>, value: &impl serde::Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string(value).map_err(std::io::Error::from);
    line(out, &text.map_err(CliError::Output)?)
}

/// Rows below headings, each column as wide as its widest text, two spaces between them.
pub(super) fn columns<const N: usize>(
    out: Out<'_>,
    headings: [&str; N],
    rows: Vec<[String; N]>,
) -> Result<(), CliError> {
    let mut rows = rows;
    rows.insert(0, headings.map(str::to_owned));
    for row in &mut rows {
        for cell in row {
            *cell = plain(cell);
        }
    }
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in rows {
        let cells = widths.iter().zip(&row);
        let padded: Vec<String> = cells
            .map(|(width, cell)| format!("{cell:width$}"))
            .collect();
        line(out, padded.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{columns, count, plain};

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let mut out = Vec::new();
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        columns(
            &mut out,
            ["ID", "NAME"],
            vec![row("1", "Zoë"), row("22", "-")],
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "ID  NAME\n1   Zoë\n22  -\n"
        );
    }

    #[test]
    fn a_name_cannot_steer_the_terminal_and_numbers_agree_with_their_nouns() {
        assert_eq!(plain("An\u{1b}[2Jna\n"), "An\\u{1b}[2Jna\\n");
        assert_eq!(count(1, "call"), "1 call");
        assert_eq!(count(0, "call"), "0 calls");
    }
}
