//! The picture of the house stays true without anyone's memory: what may name what, read from `src/`.

mod circles;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top: a room names rooms of lower floors, and itself.
const FLOORS: [&[&str]; 13] = [
    &["domain"],
    &["config"],
    &["telemetry", "clock", "view"],
    &["store", "duties", "providers"],
    &["agencies"],
    &["accounts"],
    &["auth"],
    &["journal", "hub", "relay", "carriers"],
    &["control", "fanout", "presence"],
    &["http"],
    &["ingest", "api", "ws"],
    &["app"],
    &["cli"],
];

/// Who may name a crate of the outside, by how its name begins.
const STRANGERS: [(&str, &[&str]); 7] = [
    ("diesel", &["store"]),
    ("reqwest", &["providers"]),
    ("redis", &["relay"]),
    ("lettre", &["providers"]),
    ("callboard_simulator", &["cli"]),
    ("actix", &["ingest", "api", "ws", "http", "app"]),
    ("tracing_actix", &["ingest", "api", "ws", "http", "app"]),
];

const PRINTS: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "stdout()"];

/// Longest file, in lines.
const LONGEST: usize = 400;
/// The same of tests: stories stand beside each other and are read one at a time.
const LONGEST_OF_TESTS: usize = 600;

/// One source file.
struct File {
    path: String,
    /// The first part of its path: its room.
    room: String,
    /// How deep its module lies: 1 for `src/clock.rs`, 2 for `src/ws/close.rs`.
    depth: usize,
    /// Its lines without comments and without the texts of string literals.
    lines: Vec<String>,
}

impl File {
    fn read(root: &Path, path: &Path) -> Self {
        let inside = path.strip_prefix(root).expect("inside");
        let parts: Vec<_> = inside
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let depth = parts.len() - usize::from(parts.last().is_some_and(|last| last == "mod"));
        let text = fs::read_to_string(path).expect("a source file");
        Self {
            path: format!("{}/{}", root.display(), inside.display()),
            room: parts[0].clone(),
            depth,
            lines: text.lines().map(code_of).collect(),
        }
    }

    /// The numbered lines that are code.
    fn code(&self) -> impl Iterator<Item = (String, &str)> {
        let place = |at| format!("{}:{}", self.path, at + 1);
        let lines = self.lines.iter().enumerate();
        lines.map(move |(at, line)| (place(at), line.as_str()))
    }

    /// Whether a line of tests inside the file comes at or after this one.
    fn tests_begin(&self) -> usize {
        let at = self
            .lines
            .iter()
            .position(|line| line.contains("#[cfg(test)]"));
        at.unwrap_or(self.lines.len())
    }
}

/// A line without its comment and without what stands between quotation marks.
fn code_of(line: &str) -> String {
    let (mut code, mut quoted, mut escaped) = (String::new(), false, false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '/' if !quoted && characters.peek() == Some(&'/') => break,
            _ if !quoted => code.push(character),
            _ => {}
        }
    }
    code
}

fn files(root: &str) -> Vec<File> {
    let root = Path::new(root);
    let (mut folders, mut found) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(File::read(root, &path));
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "no source files in {}", root.display());
    found
}

/// The words that follow `before` in a line, and what stands before each.
fn words_after<'a>(line: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(before).filter_map(move |(at, _)| {
        let alone = !line[..at].ends_with(is_name);
        alone.then(|| first_name(&line[at + before.len()..]))
    })
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn first_name(text: &str) -> &str {
    text.split(|character| !is_name(character))
        .next()
        .unwrap_or("")
}

fn names(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character| !is_name(character))
        .filter(|name| !name.is_empty())
}

/// The server's own files. The simulator's are a crate of their own, which cargo holds apart.
fn server() -> Vec<File> {
    let mut files = files("src");
    files.retain(|file| file.room != "simulator");
    files
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// What is wrong, one line each, or nothing.
fn all_is_well(faults: &[String]) {
    let list = faults.iter().fold(String::new(), |mut list, fault| {
        let _ = write!(list, "\n  {fault}");
        list
    });
    assert!(
        faults.is_empty(),
        "the picture in ARCHITECTURE.md is not true:{list}"
    );
}

#[test]
fn every_room_has_its_floor() {
    let mut faults = Vec::new();
    for file in server() {
        if !["lib", "main"].contains(&file.room.as_str()) && floor(&file.room).is_none() {
            faults.push(format!(
                "{}: the room `{}` is on no floor",
                file.path, file.room
            ));
        }
    }
    all_is_well(&faults);
}

#[test]
fn imports_point_downward_only() {
    let mut faults = Vec::new();
    for file in server() {
        let here = floor(&file.room);
        for (place, line) in file.code() {
            for named in words_after(line, "crate::") {
                let downward = floor(named) < here;
                let known = floor(named).is_some();
                if file.room != "lib" && known && named != file.room && !downward {
                    faults.push(format!(
                        "{place}: `{}` names `{named}`, which is not below it",
                        file.room
                    ));
                }
                if named.is_empty() {
                    faults.push(format!(
                        "{place}: name the rooms one by one, not in one list"
                    ));
                }
            }
        }
    }
    all_is_well(&faults);
}

#[test]
fn nobody_climbs_out_of_a_room() {
    let mut faults = Vec::new();
    for file in server() {
        let tests_begin = file.tests_begin();
        // What a macro climbs depends on where it is used.
        let mut in_macro = false;
        for (at, (place, line)) in file.code().enumerate() {
            in_macro = line.starts_with("macro_rules!") || (in_macro && line != "}");
            let most = file.depth + usize::from(at >= tests_begin);
            let climbs = line.contains(&"super::".repeat(most));
            if climbs && !in_macro {
                let room = &file.room;
                faults.push(format!("{place}: climbs out of `{room}`: write crate::…"));
            }
        }
    }
    all_is_well(&faults);
}

#[test]
fn strangers_are_named_where_they_belong() {
    let mut faults = Vec::new();
    for file in server() {
        for (place, line) in file.code() {
            for (stranger, rooms) in STRANGERS {
                let path = line.contains("::") || line.trim_start().starts_with("use ");
                let named = names(line)
                    .any(|name| name == stranger || name.starts_with(&format!("{stranger}_")));
                if path && named && !rooms.contains(&file.room.as_str()) {
                    faults.push(format!(
                        "{place}: only {} may name {stranger}",
                        rooms.join(", ")
                    ));
                }
            }
        }
    }
    all_is_well(&faults);
}

#[test]
fn only_the_command_line_prints() {
    let mut faults = Vec::new();
    for file in files("src").iter().filter(|file| file.room != "cli") {
        for (place, line) in file.code() {
            // Logs go to stderr, by one writer.
            let stderr = line.contains("stderr()") && !file.path.ends_with("telemetry/logs.rs");
            let prints = PRINTS.iter().any(|print| {
                line.match_indices(print)
                    .any(|(at, _)| !line[..at].ends_with(is_name))
            });
            if prints || stderr {
                faults.push(format!("{place}: only cli prints"));
            }
        }
    }
    all_is_well(&faults);
}

#[test]
fn the_domain_knows_no_wire_and_no_waiting() {
    let strange = [
        "serde",
        "serde_json",
        "Serialize",
        "Deserialize",
        "async",
        "tokio",
        "tracing",
    ];
    is_free_of("domain", &strange);
}

#[test]
fn the_hub_knows_no_sql_no_json_and_no_time() {
    let sql = ["diesel", "store", "tokio_postgres"];
    let json = ["serde", "serde_json", "view"];
    let time = [
        "clock",
        "Clock",
        "Instant",
        "SystemTime",
        "jiff",
        "sleep",
        "timeout",
    ];
    // A Timestamp is a value like another; asking for the time, or waiting for it, is not.
    for strange in [&sql[..], &json[..], &time[..]] {
        is_free_of("hub", strange);
    }
}

fn is_free_of(room: &str, strange: &[&str]) {
    let mut faults = Vec::new();
    for file in server().iter().filter(|file| file.room == room) {
        let lines = file.code().take(file.tests_begin());
        for (place, line) in lines {
            for name in names(line).filter(|name| strange.contains(name)) {
                faults.push(format!("{place}: `{room}` does not know `{name}`"));
            }
        }
    }
    all_is_well(&faults);
}

/// Rooms that act on any carrier's calls, and the file in them that may name one: where the routes
/// are. Their tests may too.
const FOR_ANY_CARRIER: [&str; 8] = [
    "agencies", "control", "duties", "fanout", "hub", "ingest", "journal", "ws",
];
const ROUTES: &str = "src/ingest/routes.rs";

#[test]
fn what_is_true_of_any_carrier_names_none() {
    let mut faults = Vec::new();
    let rooms = files("src");
    let rooms = rooms.iter();
    for file in rooms.filter(|file| FOR_ANY_CARRIER.contains(&file.room.as_str())) {
        let text = fs::read_to_string(&file.path).expect("a source file");
        let named = text.to_lowercase().contains("telnyx");
        let is_test = file.path.contains("tests");
        if named && !is_test && file.path != ROUTES {
            faults.push(format!("{}: names a carrier", file.path));
        }
    }
    all_is_well(&faults);
}

/// Rooms that answer take the audience from whoever asks.
#[test]
fn no_room_that_answers_chooses_who_may_see_numbers() {
    let mut faults = Vec::new();
    for file in files("src") {
        let answers = ["api", "ws", "http", "ingest"].contains(&file.room.as_str());
        for (place, line) in file.code().filter(|_| answers) {
            let whole = ["Audience::Full", "unmasked("];
            if let Some(whole) = whole.iter().find(|whole| line.contains(**whole)) {
                faults.push(format!("{place}: {whole}: the caller's audience decides"));
            }
        }
    }
    all_is_well(&faults);
}

#[test]
fn every_file_fits_one_head() {
    let mut faults = Vec::new();
    for (root, most) in [("src", LONGEST), ("tests", LONGEST_OF_TESTS)] {
        for file in files(root) {
            let lines = file.lines.len();
            if lines > most {
                let path = file.path;
                faults.push(format!(
                    "{path}:{lines}: at most {most} lines; split it by noun"
                ));
            }
        }
    }
    all_is_well(&faults);
}
