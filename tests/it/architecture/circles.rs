//! No two files side by side name each other, neither straight nor by way of others: each can be
//! read before the next. A file and those in its folder are one: a child names what its parent
//! declares, and the parent names the child.

use super::{File, all_is_well, files, is_name};
use std::collections::{BTreeMap, BTreeSet};

/// A file's place among the modules: `["ws", "close"]`.
type Place = Vec<String>;

/// A path as it is written, and the name that it gets.
type Named = (Place, String);

/// All that the files name of each other.
struct Modules {
    /// What each one names, by `use` or by a path in the midst of its code.
    paths: BTreeMap<Place, Vec<Place>>,
    /// The names that each one's `use` gives, and of what.
    uses: BTreeMap<Place, BTreeMap<String, Place>>,
}

impl Modules {
    fn read(root: &str) -> Self {
        let all: Vec<(Place, String)> = files(root)
            .iter()
            .map(|file| (place(root, file), code(file)))
            .filter(|(place, _)| {
                !place
                    .iter()
                    .any(|part| part == "tests" || part == "testing")
            })
            .collect();
        let places: BTreeSet<Place> = all.iter().map(|(place, _)| place.clone()).collect();
        let (mut paths, mut uses) = (BTreeMap::new(), BTreeMap::new());
        for (here, code) in all {
            let (named, rest) = named_by_use(&code);
            let absolute = |path: &Place| absolute(&places, &here, path);
            let given: BTreeMap<String, Place> = named
                .iter()
                .filter_map(|(path, name)| Some((name.clone(), absolute(path)?)))
                .collect();
            let inline = paths_in(&rest);
            let all = named.iter().map(|(path, _)| path).chain(&inline);
            paths.insert(here.clone(), all.filter_map(absolute).collect());
            uses.insert(here, given);
        }
        Self { paths, uses }
    }

    /// The file that declares what this path names, through whatever hands it on.
    fn declares(&self, path: &[String], turns: u32) -> Option<Place> {
        let length = (1..=path.len())
            .rev()
            .find(|&length| self.uses.contains_key(&path[..length]))?;
        let (file, rest) = path.split_at(length);
        let handed_on = rest.first().and_then(|name| self.uses[file].get(name));
        match handed_on {
            Some(from) if turns > 0 && from != path => self.declares(from, turns - 1),
            _ => Some(file.to_vec()),
        }
    }

    /// For each folder, which of its files and folders name which others, and where.
    fn folders(&self) -> BTreeMap<Place, BTreeMap<(String, String), String>> {
        let mut folders: BTreeMap<Place, BTreeMap<_, _>> = BTreeMap::new();
        for (here, paths) in &self.paths {
            for there in paths.iter().filter_map(|path| self.declares(path, 6)) {
                let shared = here
                    .iter()
                    .zip(&there)
                    .take_while(|(one, other)| one == other);
                let shared = shared.count();
                if let (Some(from), Some(to)) = (here.get(shared), there.get(shared)) {
                    let folder = folders.entry(here[..shared].to_vec()).or_default();
                    let example = format!("{} names {}", here.join("/"), there.join("/"));
                    folder.insert((from.clone(), to.clone()), example);
                }
            }
        }
        folders
    }
}

fn place(root: &str, file: &File) -> Place {
    let inside = file
        .path
        .strip_prefix(root)
        .expect("inside")
        .trim_start_matches('/');
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').map(str::to_owned).collect()
}

/// The file's code but for the tests at its end.
fn code(file: &File) -> String {
    let mut lines = file.lines.iter().peekable();
    let mut code = String::new();
    while let Some(line) = lines.next() {
        let next_is_a_room = lines
            .peek()
            .is_some_and(|next| next.trim_end().ends_with('{'));
        if line.contains("#[cfg(test)]") && next_is_a_room {
            break;
        }
        code += line;
        code.push('\n');
    }
    code
}

/// What each `use` of the code names, and the code without them.
fn named_by_use(code: &str) -> (Vec<Named>, String) {
    let (mut named, mut rest) = (Vec::new(), String::new());
    let mut left = code;
    while let Some(at) = left.find("use ") {
        let (before, from) = left.split_at(at);
        rest += before;
        let Some(end) = from.find(';').filter(|_| !before.ends_with(is_name)) else {
            rest += "use ";
            left = &from["use ".len()..];
            continue;
        };
        expand(&from["use ".len()..end], &[], &mut named);
        left = &from[end + 1..];
    }
    (named, rest + left)
}

/// `a::{b, c::D as E}` as its paths.
fn expand(tree: &str, before: &[String], named: &mut Vec<Named>) {
    let tree = tree.trim();
    let (head, list) = match tree.split_once('{') {
        Some((head, list)) => (head, Some(list.trim_end().trim_end_matches('}'))),
        None => (tree, None),
    };
    let (head, name) = head.split_once(" as ").unwrap_or((head, ""));
    let mut path = before.to_vec();
    let parts = head.split("::").map(str::trim);
    path.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
    if let Some(list) = list {
        for item in items(list) {
            expand(item, &path, named);
        }
        return;
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if let Some(last) = path.last() {
        let name = if name.trim().is_empty() {
            last
        } else {
            name.trim()
        };
        named.push((path.clone(), name.to_owned()));
    }
}

/// The parts of a list between its commas, those of lists inside it aside.
fn items(list: &str) -> Vec<&str> {
    let (mut items, mut depth, mut began) = (Vec::new(), 0, 0);
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[began..at]);
                began = at + 1;
            }
            _ => {}
        }
    }
    items.push(&list[began..]);
    items
}

/// The paths in the midst of code that begin at the root, here or above.
fn paths_in(code: &str) -> Vec<Place> {
    let words = code.split(|letter: char| !is_name(letter) && letter != ':');
    words
        .filter(|word| word.contains("::"))
        .map(|word| word.split("::").map(str::to_owned).collect::<Place>())
        .filter(|path| ["crate", "super", "self"].contains(&path[0].as_str()))
        .collect()
}

/// A path from the root; `None` for another crate's.
fn absolute(places: &BTreeSet<Place>, here: &Place, path: &Place) -> Option<Place> {
    let climbs = path.iter().take_while(|part| *part == "super").count();
    let from = match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "self" => return Some([here.as_slice(), &path[1..]].concat()),
        "super" => here.get(..here.len().checked_sub(climbs)?)?,
        child if places.contains(&[here.as_slice(), &[child.to_owned()]].concat()) => here,
        _ => return None,
    };
    Some([from, &path[climbs..]].concat())
}

/// Those that one comes to from there.
fn reached(from: &str, edges: &BTreeMap<(String, String), String>) -> BTreeSet<String> {
    let (mut reached, mut left) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(one) = left.pop() {
        for (_, to) in edges.keys().filter(|(here, _)| *here == one) {
            if reached.insert(to.clone()) {
                left.push(to.clone());
            }
        }
    }
    reached
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    // The simulator is a crate of its own: what names its root does not name ours.
    let mut server = Modules::read("src");
    server.paths.retain(|place, _| place[0] != "simulator");
    let simulator = Modules::read("src/simulator");
    let mut faults = Vec::new();
    for (root, modules) in [("src", server), ("src/simulator", simulator)] {
        for (folder, edges) in modules.folders() {
            let folder = format!("{root}/{}", folder.join("/"));
            for ((from, to), example) in &edges {
                if reached(to, &edges).contains(from) {
                    faults.push(format!(
                        "{folder}: {from} and {to} are in a circle: {example}"
                    ));
                }
            }
        }
    }
    all_is_well(&faults);
}

#[test]
fn what_a_use_names_is_read_as_the_compiler_reads_it() {
    let text = "pub use super::{a::{B, c as d}, self}; let x = crate::e::F; house::g::H; use i::J;";
    let (named, rest) = named_by_use(text);
    let shown: Vec<String> = named
        .iter()
        .map(|(path, name)| format!("{} {name}", path.join("::")))
        .collect();
    assert_eq!(
        shown,
        ["super::a::B B", "super::a::c d", "super super", "i::J J"]
    );
    assert_eq!(
        paths_in(&rest),
        [["crate", "e", "F"].map(str::to_owned).to_vec()]
    );
}
