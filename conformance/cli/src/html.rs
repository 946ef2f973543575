//! Every page that the command writes: one head, one style, one way to write text into it. It is one file without
//! scripts and without anything from elsewhere, in the light or the dark as the reader has it, on a phone too.

use std::fmt::Write as _;

/// The style of all pages.
const STYLE: &str = include_str!("html.css");

/// A whole page.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

/// Text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A table in a box that scrolls by itself where it does not fit; the first column to the left, the others, which are
/// numbers, to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = String::from("<div class=\"wide\"><table>\n<tr>");
    for (column, cell) in head.iter().enumerate() {
        let class = if column == 0 { "" } else { " class=\"n\"" };
        let _ = write!(text, "<th{class}>{}</th>", escape(cell));
    }
    text.push_str("</tr>\n");
    for row in rows {
        text.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let class = if column == 0 { "" } else { " class=\"n\"" };
            let _ = write!(text, "<td{class}>{}</td>", escape(cell));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</table></div>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let page = page("<b>&\"", &table(&["<i>"], &[vec!["\"<script>".to_owned()]]));
        assert!(page.contains("<title>&lt;b&gt;&amp;&quot;</title>"));
        assert!(!page.contains("<i>") && !page.contains("<script"));
    }

    #[test]
    fn page_takes_nothing_from_elsewhere() {
        let page = page("", "");
        assert!(!page.contains("http") && !page.contains("@import"));
        assert!(page.contains("viewport") && page.contains("prefers-color-scheme: dark"));
    }
}
