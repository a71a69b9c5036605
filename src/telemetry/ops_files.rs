//! The dashboard and the alerting rules ask only for what callboard counts.
//!
//! Prometheus answers a misspelt name or label with silence, and an alert on it never fires, so
//! the two files are read here and held against the metrics themselves.

use super::{Metrics, Provider, ProviderResult, Refused};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const DASHBOARD: &str = include_str!("../../static/ops/grafana-dashboard.json");
const ALERTS: &str = include_str!("../../static/ops/alerts.yml");

#[test]
fn the_dashboard_asks_only_for_metrics_that_exist() {
    let queries = dashboard_queries();
    assert!(queries.len() > 20, "{queries:?}");
    for query in &queries {
        assert_known(query);
    }
}

#[test]
fn the_alerts_ask_only_for_metrics_that_exist() {
    assert!(selectors(ALERTS).len() > 10);
    assert_known(ALERTS);
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let shown: BTreeSet<String> = dashboard_queries()
        .iter()
        .flat_map(|query| selectors(query))
        .map(|selector| family(&selector.name).to_owned())
        .collect();
    for name in Metrics::new().names() {
        assert!(shown.contains(family(name)), "{name} is on no panel");
    }
}

#[test]
fn the_panels_have_ids_of_their_own_and_do_not_overlap() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{panel}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(cells.insert((x, y)), "{} overlaps", panel["title"]);
            }
        }
    }
}

#[test]
fn every_alert_says_when_how_grave_and_what_to_do() {
    let mut names = BTreeSet::new();
    let rules: Vec<&str> = ALERTS.split("\n      - alert: ").skip(1).collect();
    for rule in &rules {
        let name = rule.lines().next().unwrap();
        assert!(names.insert(name), "{name} is there twice");
        for key in [
            "\n        expr: ",
            "\n          severity: ",
            "\n          summary: \"",
            "\n          description: \"",
        ] {
            assert_eq!(rule.matches(key).count(), 1, "{name}: {key}");
        }
        let braces = (rule.matches("{{").count(), rule.matches("}}").count());
        assert_eq!(braces.0, braces.1, "{name}");
    }
    assert_eq!(rules.len(), ALERTS.matches("\n      - alert: ").count());
    assert!(rules.len() >= 8);
}

/// No YAML parser is in the tree, so the lines are held to a small part of YAML that cannot be
/// misread: spaces, even indents, and a key, a list item or a line of a `|` block on each.
#[test]
fn the_alerts_are_plain_yaml() {
    let mut block: Option<usize> = None;
    for line in ALERTS.lines() {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim();
        assert!(!line.contains('\t') && line == line.trim_end(), "{line:?}");
        if text.is_empty() || text.starts_with('#') || block.is_some_and(|outer| indent > outer) {
            continue;
        }
        assert_eq!(indent % 2, 0, "{line:?}");
        let entry = text.strip_prefix("- ").unwrap_or(text);
        let (key, value) = entry.split_once(':').unwrap();
        assert!(
            key.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{line:?}"
        );
        block = (value == " |").then_some(indent);
        let quoted = value.starts_with(" \"");
        assert!(
            quoted || !value.contains(": ") && !value.contains(" #"),
            "{line:?}"
        );
        assert!(
            !quoted || value.ends_with('"') && value.matches('"').count() == 2,
            "{line:?}"
        );
    }
}

/// A metric in a query, with the labels that it is chosen by.
#[derive(Debug)]
struct Selector {
    name: String,
    matchers: Vec<(String, Vec<String>)>,
}

/// Every `callboard_…` in a text, with what stands in the braces behind it.
fn selectors(text: &str) -> Vec<Selector> {
    let in_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.match_indices("callboard_")
        .map(|(start, _)| {
            let rest = &text[start..];
            let (name, rest) = rest.split_at(rest.find(|c| !in_name(c)).unwrap_or(rest.len()));
            let inside = rest.strip_prefix('{').and_then(|r| r.split_once('}'));
            Selector {
                name: name.to_owned(),
                matchers: inside.map_or_else(Vec::new, |(inside, _)| matchers(inside)),
            }
        })
        .collect()
}

fn matchers(inside: &str) -> Vec<(String, Vec<String>)> {
    inside
        .split(',')
        .map(|matcher| {
            let (label, values) = matcher.split_once('"').unwrap();
            let label = label.trim_end_matches(['=', '~', '!']).trim().to_owned();
            let values = values.trim_end_matches('"').split('|');
            (label, values.map(str::to_owned).collect())
        })
        .collect()
}

fn assert_known(text: &str) {
    let metrics = Metrics::new();
    let labels = labels();
    for selector in selectors(text) {
        assert!(metrics.names().contains(&selector.name), "no {selector:?}");
        for (label, values) in selector.matchers {
            // Prometheus adds the instance by itself.
            if label == "instance" {
                continue;
            }
            for value in values {
                let known = labels[&selector.name].contains(&(label.clone(), value.clone()));
                assert!(known, "{} has no {label}={value:?}", selector.name);
            }
        }
    }
}

/// Each series' labels and their values, as a server writes them.
fn labels() -> BTreeMap<String, BTreeSet<(String, String)>> {
    let metrics = Metrics::new();
    metrics.refused_for(Refused::TokenMissing);
    metrics.http_answered(Some("/api/me"), 200, Duration::ZERO);
    metrics.event_recorded("call.incoming");
    for result in [ProviderResult::Done, ProviderResult::Failed] {
        metrics.provider_asked(Provider::Telnyx, "answer", result, Duration::ZERO);
    }
    let mut labels = BTreeMap::new();
    for line in metrics.encode().unwrap().lines() {
        let (name, rest) = line.split_once(['{', ' ']).unwrap_or((line, ""));
        let of_name: &mut BTreeSet<_> = labels.entry(name.to_owned()).or_default();
        let Some((inside, _)) = rest.split_once('}') else {
            continue;
        };
        for (label, values) in matchers(inside) {
            of_name.extend(values.into_iter().map(|value| (label.clone(), value)));
        }
    }
    labels
}

fn dashboard_queries() -> Vec<String> {
    fn collect(value: &serde_json::Value, queries: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, field) in fields {
                    match (key.as_str(), field.as_str()) {
                        ("expr" | "definition" | "query", Some(text)) => {
                            queries.push(text.to_owned());
                        }
                        _ => collect(field, queries),
                    }
                }
            }
            serde_json::Value::Array(items) => {
                items.iter().for_each(|item| collect(item, queries));
            }
            _ => {}
        }
    }
    let mut queries = Vec::new();
    let dashboard = serde_json::from_str(DASHBOARD).unwrap();
    collect(&dashboard, &mut queries);
    queries
}

/// A histogram's three series are one metric.
fn family(name: &str) -> &str {
    ["_bucket", "_count", "_sum"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name)
}
