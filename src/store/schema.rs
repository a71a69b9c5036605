//! The tables, written once and made twice: PostgreSQL has them in the schema `callboard`, which every
//! statement names, since a `search_path` does not outlive a transaction behind some poolers. Text
//! ids, microseconds since 1970, JSON as text.
#![allow(unreachable_pub)] // diesel's macro makes them so

macro_rules! tables {
    ($($table:ident $key:tt $columns:tt)+) => {
        /// Their names.
        pub(crate) const TABLES: &[&str] = &[$(stringify!($table)),+];

        /// As SQLite has them.
        pub(crate) mod plain {
            $(diesel::table! { $table $key $columns })+
            diesel::allow_tables_to_appear_in_same_query!(agency_heads, call_events);
            diesel::allow_tables_to_appear_in_same_query!(claims, commands, inbound_calls);
            diesel::allow_tables_to_appear_in_same_query!(call_legs, inbound_calls);
            diesel::allow_tables_to_appear_in_same_query!(accounts, users);
            diesel::allow_tables_to_appear_in_same_query!(
                agencies, agents, connections, inbound_calls, nodes, users
            );
        }
        /// As PostgreSQL has them.
        pub(crate) mod in_callboard {
            $(diesel::table! { callboard.$table $key $columns })+
            diesel::allow_tables_to_appear_in_same_query!(agency_heads, call_events);
            diesel::allow_tables_to_appear_in_same_query!(claims, commands, inbound_calls);
            diesel::allow_tables_to_appear_in_same_query!(call_legs, inbound_calls);
            diesel::allow_tables_to_appear_in_same_query!(accounts, users);
            diesel::allow_tables_to_appear_in_same_query!(
                agencies, agents, connections, inbound_calls, nodes, users
            );
        }
    };
}

tables! {
    agencies (id) {
        id -> Text,
        name -> Text,
        is_default -> Bool,
        data_key -> Nullable<Text>,
        created_at -> BigInt,
        telephony_configured -> Bool,
        mask_numbers_for -> Text,
        time_zone -> Text,
        ring_s -> Integer,
        service_level_s -> Integer,
        wrap_up_s -> Integer,
        away_reasons -> Text,
        numbers -> Text,
    }

    agency_heads (agency_id) {
        agency_id -> Text,
        epoch -> Text,
        last_seq -> BigInt,
        pruned_seq -> BigInt,
    }

    users (id) {
        id -> Text,
        agency_id -> Nullable<Text>,
        role -> Nullable<Text>,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        sip_username -> Nullable<Text>,
        created_at -> BigInt,
    }

    inbound_calls (id) {
        id -> Text,
        agency_id -> Text,
        call_control_id -> Text,
        call_session_id -> Nullable<Text>,
        from_number -> Nullable<Text>,
        to_number -> Nullable<Text>,
        caller_name -> Nullable<Text>,
        direction -> Text,
        status -> Text,
        answered_by -> Nullable<Text>,
        answered_by_name -> Nullable<Text>,
        caller_answered_at -> Nullable<BigInt>,
        answered_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        connected -> Bool,
        hangup_cause -> Nullable<Text>,
        recordings -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        carrier -> Text,
        participants -> Nullable<Text>,
    }

    call_logs (id) {
        id -> Text,
        agency_id -> Text,
        prospect_id -> Nullable<Text>,
        caller_id -> Nullable<Text>,
        phone_number -> Nullable<Text>,
        from_number -> Nullable<Text>,
        result -> Nullable<Text>,
        outcome -> Nullable<Text>,
        duration -> BigInt,
        notes -> Nullable<Text>,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        call_sid -> Text,
        recording_url -> Nullable<Text>,
        direction -> Text,
        end_reason -> Nullable<Text>,
        answered_by -> Nullable<Text>,
        prospect_name -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        to_number -> Nullable<Text>,
        caller_name -> Nullable<Text>,
        answered_by_name -> Nullable<Text>,
        answered_at -> Nullable<BigInt>,
        wait -> BigInt,
        carrier -> Text,
    }

    call_legs (agency_id, call_control_id, carrier) {
        agency_id -> Text,
        call_control_id -> Text,
        call_session_id -> Nullable<Text>,
        call_leg_id -> Nullable<Text>,
        claim_id -> Nullable<Text>,
        facts -> Text,
        updated_at -> BigInt,
        carrier -> Text,
    }

    claims (id) {
        id -> Text,
        agency_id -> Text,
        call_id -> Text,
        ordinal -> Integer,
        user_id -> Text,
        user_name -> Nullable<Text>,
        claimed_at -> BigInt,
        released_at -> Nullable<BigInt>,
        release_reason -> Nullable<Text>,
        plain_answer -> Bool,
        standing -> Text,
        deadline_at -> BigInt,
        command -> Text,
        command_n -> Integer,
        command_accepted -> Bool,
    }

    commands (id) {
        id -> Text,
        agency_id -> Text,
        call_id -> Text,
        claim_id -> Nullable<Text>,
        action -> Text,
        n -> Integer,
        state -> Text,
        asked_at -> BigInt,
    }

    errands (agency_id, kind, subject, carrier) {
        agency_id -> Text,
        kind -> Text,
        subject -> Text,
        due_at -> BigInt,
        leased_until -> Nullable<BigInt>,
        attempts -> Integer,
        command_n -> Integer,
        carrier -> Text,
    }

    call_events (agency_id, seq) {
        agency_id -> Text,
        seq -> BigInt,
        call_id -> Text,
        event_type -> Text,
        recorded_at -> BigInt,
        event -> Text,
        subject_kind -> Nullable<Text>,
        subject_id -> Nullable<Text>,
    }

    webhook_events (agency_id, webhook_id, carrier) {
        agency_id -> Text,
        webhook_id -> Text,
        event_type -> Text,
        call_control_id -> Nullable<Text>,
        connection_id -> Nullable<Text>,
        occurred_at -> BigInt,
        received_at -> BigInt,
        outcome -> Text,
        body -> Text,
        carrier -> Text,
    }

    agency_credentials (agency_id, name) {
        agency_id -> Text,
        name -> Text,
        version -> BigInt,
        sealed -> Text,
        updated_at -> BigInt,
    }

    empty_seats (user_id) {
        user_id -> Text,
        agency_id -> Text,
        role -> Text,
        absence -> Text,
        since -> BigInt,
    }

    mails (id) {
        id -> Text,
        kind -> Text,
        agency_id -> Nullable<Text>,
        user_id -> Nullable<Text>,
        sealed -> Nullable<Text>,
        state -> Text,
        problem -> Nullable<Text>,
        attempts -> Integer,
        due_at -> BigInt,
        leased_until -> Nullable<BigInt>,
        made_at -> BigInt,
        until -> BigInt,
    }

    agency_keys (id) {
        id -> Text,
        agency_id -> Text,
        hash -> Text,
        name -> Text,
        rights -> Text,
        prefix -> Text,
        created_at -> BigInt,
        created_by -> Text,
        last_used_at -> Nullable<BigInt>,
    }

    schema_floor (id) {
        id -> Integer,
        floor -> Text,
    }

    directory (id) {
        id -> Integer,
        version -> BigInt,
    }

    leases (name) {
        name -> Text,
        holder -> Text,
        held_until -> BigInt,
    }

    pulse (id) {
        id -> BigInt,
        body -> Text,
    }

    accounts (user_id) {
        user_id -> Text,
        email -> Text,
        password -> Nullable<Text>,
        created_at -> BigInt,
        changed_at -> BigInt,
        signed_in_at -> Nullable<BigInt>,
    }

    signing_keys (kid) {
        kid -> Text,
        public -> Text,
        sealed -> Text,
        made_at -> BigInt,
    }

    sessions (id) {
        id -> Text,
        user_id -> Text,
        methods -> Text,
        network -> Nullable<Text>,
        client -> Nullable<Text>,
        created_at -> BigInt,
        refreshed_at -> BigInt,
    }

    refresh_tokens (hash) {
        hash -> Text,
        session_id -> Text,
        parent -> Nullable<Text>,
        salt -> Text,
        made_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }

    account_links (hash) {
        hash -> Text,
        purpose -> Text,
        user_id -> Nullable<Text>,
        agency_id -> Nullable<Text>,
        role -> Nullable<Text>,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        made_at -> BigInt,
        expires_at -> BigInt,
    }

    account_factors (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        sealed -> Text,
        verified -> Bool,
        last_step -> BigInt,
        created_at -> BigInt,
    }

    recovery_codes (user_id, hash) {
        user_id -> Text,
        hash -> Text,
    }

    agents (agency_id, user_id) {
        agency_id -> Text,
        user_id -> Text,
        name -> Nullable<Text>,
        phone -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        since -> BigInt,
        present -> Bool,
        away -> Bool,
        away_reason -> Nullable<Text>,
        wrap_up_until -> Nullable<BigInt>,
        talked -> Bool,
        last_seen -> Nullable<BigInt>,
    }

    agent_times (agency_id, seq) {
        agency_id -> Text,
        seq -> BigInt,
        user_id -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        began_at -> BigInt,
        ended_at -> BigInt,
    }

    connections (agency_id, user_id, node) {
        agency_id -> Text,
        user_id -> Text,
        node -> Text,
        left_at -> Nullable<BigInt>,
    }

    nodes (id) {
        id -> Text,
        seen_at -> BigInt,
    }

    sign_in_attempts (subject) {
        subject -> Text,
        failures -> Integer,
        last_at -> BigInt,
    }

    identities (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        user_id -> Text,
        made_at -> BigInt,
    }

    sign_in_codes (hash) {
        hash -> Text,
        challenge -> Text,
        user_id -> Text,
        expires_at -> BigInt,
    }
}
