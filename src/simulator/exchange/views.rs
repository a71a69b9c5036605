//! What the exchange says of legs and applications.

use super::problem::Problem;
use super::switchboard::{Operator, Party};
use crate::clock::Timestamp;
use serde_json::{Map, Value, json};
use url::Url;

/// Items of a page that asks for no number, and the most of any.
const PAGE: usize = 20;
const MOST: usize = 250;

/// What a query asked for: pairs as they came.
pub(super) type Query = [(String, String)];

impl Operator<'_> {
    /// How a leg stands, for ten minutes after its end.
    pub(super) fn call(&mut self, id: &str) -> Result<Value, Problem> {
        let now = self.board.clock.now();
        let party = self.remembered(id).ok_or_else(|| {
            if super::commands::is_handle(id) {
                Problem::not_found()
            } else {
                Problem::not_a_leg()
            }
        })?;
        Ok(json!({ "data": party.view(now) }))
    }

    /// One page of a connection's living legs, oldest first.
    pub(super) fn active_calls(&self, id: &str, query: &Query) -> Result<Value, Problem> {
        if !self.connections().contains(&id.to_owned()) {
            return Err(Problem::no_such_connection());
        }
        let now = self.board.clock.now();
        let mine =
            |party: &Party| party.is_alive() && party.leg.line.connection_id.as_deref() == Some(id);
        let ids = self.ids(mine);
        let size = size(query)?;
        let from = match asked(query, "page[after]") {
            Some(after) => ids
                .iter()
                .position(|id| id == after)
                .map_or(ids.len(), |at| at + 1),
            None => 0,
        };
        let page: Vec<&String> = ids.iter().skip(from).take(size).collect();
        let data = page.iter().filter_map(|id| self.party(id));
        let data: Vec<Value> = data.map(|party| party.active_view(now)).collect();
        let mut meta = json!({"cursors": {}, "total_items": ids.len()});
        if let (Some(last), true) = (page.last(), from + page.len() < ids.len())
            && let Some(meta) = meta.as_object_mut()
        {
            let path = format!("/v2/connections/{id}/active_calls?page[after]={last}");
            meta.insert("cursors".to_owned(), json!({"after": last}));
            meta.insert("next".to_owned(), json!(path));
        }
        Ok(json!({"data": data, "meta": meta}))
    }

    /// One page of the recordings that fit.
    pub(super) fn recordings_page(&self, query: &Query) -> Result<Value, Problem> {
        let filters: Vec<(String, String)> = query
            .iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix("filter[")?.strip_suffix(']')?;
                Some((name.to_owned(), value.clone()))
            })
            .collect();
        let number = match asked(query, "page[number]") {
            Some(number) => number
                .parse()
                .map_err(|_| Problem::bad_value("page[number]"))?,
            None => 1_usize,
        };
        let (all, size) = (self.recordings(&filters), size(query)?);
        let from = number.saturating_sub(1).saturating_mul(size);
        let data: Vec<&Value> = all.iter().skip(from).take(size).collect();
        Ok(json!({
            "data": data,
            "meta": {
                "page_number": number,
                "page_size": size,
                "total_pages": all.len().div_ceil(size),
                "total_results": all.len(),
            },
        }))
    }

    /// The application that the webhooks come from.
    pub(super) fn application(&self, id: &str) -> Result<Value, Problem> {
        let couriers = self.state.couriers.iter();
        let found = couriers.map(|courier| &courier.carrier().settings);
        let mut found = found.filter(|carrier| carrier.connection_id.as_deref() == Some(id));
        let carrier = found.next().ok_or_else(Problem::not_found)?;
        let mut data = match json!({
            "active": true,
            "application_name": "callboard",
            "created_at": Timestamp::default().to_string(),
            "first_command_timeout": false,
            "first_command_timeout_secs": 30,
            "id": id,
            "inbound": {},
            "outbound": {"outbound_voice_profile_id": "1293384261075731499"},
            "record_type": "call_control_application",
            "updated_at": Timestamp::default().to_string(),
            "webhook_api_version": "2",
            "webhook_event_failover_url": carrier.failover_url.as_ref().map(Url::as_str),
            "webhook_event_url": carrier.webhook_url.as_str(),
            "webhook_timeout_secs": null,
        }) {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        data.extend(self.board.settings.application.clone());
        Ok(json!({ "data": data }))
    }

    fn connections(&self) -> Vec<String> {
        let couriers = self.state.couriers.iter();
        let ids = couriers.map(|courier| courier.carrier().settings.connection_id.clone());
        ids.flatten().collect()
    }
}

fn asked<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    let found = query.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

fn size(query: &Query) -> Result<usize, Problem> {
    let asked = asked(query, "page[size]").or(asked(query, "page[limit]"));
    let size = match asked {
        Some(size) => size.parse().map_err(|_| Problem::bad_value("page[size]"))?,
        None => PAGE,
    };
    if (1..=MOST).contains(&size) {
        Ok(size)
    } else {
        Err(Problem::out_of_range("page[size]", 1, 250))
    }
}

impl Party {
    fn view(&self, now: Timestamp) -> Value {
        let mut view = self.active_view(now);
        if let Some(view) = view.as_object_mut() {
            view.insert("is_alive".to_owned(), json!(self.is_alive()));
            view.insert(
                "start_time".to_owned(),
                json!(self.leg.started_at.to_string()),
            );
            if let Some(at) = self.leg.ended_at.get() {
                view.insert("end_time".to_owned(), json!(at.to_string()));
            }
            if let Some(recording) = &self.recording {
                view.insert("recording_id".to_owned(), json!(recording.id));
            }
        }
        view
    }

    fn active_view(&self, now: Timestamp) -> Value {
        let leg = &self.leg;
        let until = leg.ended_at.get().copied().unwrap_or(now);
        json!({
            "call_control_id": leg.call_control_id,
            "call_duration": until.micros_since(leg.started_at) / 1_000_000,
            "call_leg_id": leg.call_leg_id,
            "call_session_id": leg.call_session_id,
            "client_state": self.client_state().unwrap_or_default(),
            "record_type": "call",
        })
    }
}
