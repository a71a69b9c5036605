//! Prometheus's older text format (0.0.4), from OpenMetrics text. There a counter's family has no
//! `_total` and an info's no `_info`; here a family is named as its samples are.

/// The same metrics, for readers that do not know OpenMetrics.
pub(super) fn of_openmetrics(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + text.len() / 16);
    let mut push = |line: &str| {
        plain.push_str(line);
        plain.push('\n');
    };
    let mut help = "";
    for line in text.lines() {
        if let Some(of_family) = line.strip_prefix("# HELP ") {
            // Its type, by which it is named here, stands in the next line.
            help = of_family.split_once(' ').map_or("", |(_, help)| help);
        } else if let Some((family, kind)) = family(line) {
            let (suffix, kind) = as_plain(kind);
            push(&format!("# HELP {family}{suffix} {help}"));
            push(&format!("# TYPE {family}{suffix} {kind}"));
        } else if !line.starts_with('#') {
            push(line);
        }
    }
    plain
}

fn family(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("# TYPE ")?.split_once(' ')
}

/// What is added to a family's name, and its type.
fn as_plain(kind: &str) -> (&'static str, &str) {
    match kind {
        "counter" => ("_total", kind),
        "info" => ("_info", "gauge"),
        "unknown" => ("", "untyped"),
        kind => ("", kind),
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::{Metrics, WebhookResult};
    use std::collections::BTreeMap;

    #[test]
    fn every_sample_belongs_to_a_family_that_is_named_before_it() {
        let metrics = Metrics::new();
        metrics.webhook(WebhookResult::Applied);
        metrics.http_answered(Some("/api/me"), 200, Default::default());
        let text = metrics.encode_plain().unwrap();
        let (mut types, mut helped) = (BTreeMap::new(), "");
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["#", "HELP", family, _, ..] => helped = family,
                ["#", "TYPE", family, kind] => {
                    assert_eq!(family, helped);
                    assert_eq!(types.insert(family, kind), None, "{family} twice");
                }
                ["#", ..] => panic!("{line} is not known here"),
                _ => {
                    let name = line.split(['{', ' ']).next().unwrap();
                    let family = ["_bucket", "_count", "_sum"].iter().find_map(|end| {
                        let family = name.strip_suffix(end)?;
                        (types.get(family) == Some(&"histogram")).then_some(family)
                    });
                    let kind = types
                        .get(family.unwrap_or(name))
                        .unwrap_or_else(|| panic!("{line}"));
                    assert_eq!(name.ends_with("_total"), *kind == "counter", "{line}");
                }
            }
        }
        let openmetrics = metrics.encode().unwrap();
        let samples = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(samples(&text), samples(&openmetrics));
        assert!(text.contains("# TYPE callboard_build_info gauge\n"));
    }
}
