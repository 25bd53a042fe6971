//! Triggers, standard operating procedures and skills: Markdown with front matter.

use super::{
    disk::{Folder, stem},
    fields,
    parts::Gathered,
    report::Report,
    schema::{Field, check_fields},
    yaml::{self, Data, Node},
};
use crate::formation::Skill;
use std::collections::BTreeMap;

/// Skills that the runtime brings itself.
const BUILT_IN_SKILLS: [&str; 2] = ["file-generation", "compute"];
/// The folders of a skill whose files are its resources.
const RESOURCES: [&str; 3] = ["scripts", "references", "assets"];

/// A Markdown text: its front matter, and its body with the line where that begins.
struct Markdown<'a> {
    front: Option<Node>,
    body: &'a str,
    line: u64,
}

/// Takes a text apart. A fault is reported.
fn read<'a>(file: &str, text: &'a str, known: &'static [Field], report: &mut Report) -> Option<Markdown<'a>> {
    let Some(rest) = text.strip_prefix("---\n") else { return Some(Markdown { front: None, body: text, line: 1 }) };
    let mut head = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let (front, body) = (rest.get(..head)?, rest.get(head + line.len()..)?);
            let front = yaml::parse(file, 2, front, report)?;
            if !matches!(front.data, Data::Map(_) | Data::Null) {
                report.error(
                    file,
                    front.place,
                    format!("expected front matter that is a mapping, found {}", front.kind()),
                );
                return None;
            }
            check_fields(file, &front, "", known, true, report);
            let line = front_lines(rest, head) + 3;
            return Some(Markdown { front: Some(front), body, line });
        }
        head += line.len();
    }
    report.error(file, (1, 1), "expected a line --- that ends the front matter");
    None
}

fn front_lines(text: &str, end: usize) -> u64 {
    text.get(..end).map_or(0, |head| head.matches('\n').count() as u64)
}

/// The triggers, by name.
pub(super) fn triggers(folder: &Folder<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let mut triggers = BTreeMap::new();
    for file in folder.files("triggers", &["md"], report) {
        let Some(text) = folder.read(&file, report) else { continue };
        let name = stem(&file);
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            report
                .file_warning(&file, "a trigger's name has letters, digits, - and _ only; others cannot be read back");
        }
        if let Some(markdown) = read(&file, &text, fields::TRIGGER, report) {
            check_template(&file, &markdown, report);
        }
        triggers.insert(name.to_owned(), text);
    }
    triggers
}

/// Every `${{` needs its `}}`, in the same line and before the next one.
fn check_template(file: &str, markdown: &Markdown<'_>, report: &mut Report) {
    for (number, line) in (markdown.line..).zip(markdown.body.lines()) {
        for (column, rest) in behind(line, "${{") {
            let Some((inner, _)) = rest.split_once("}}") else {
                report.error(file, (number, column), "expected }} after ${{");
                continue;
            };
            let path = inner.trim();
            if !path.starts_with("data.") {
                let message = format!("'{path}' stays as it is; only what begins with data. is filled in");
                report.warn(file, (number, column), message);
            }
        }
    }
}

/// The column of every `mark` in a line, from 1, and the text behind it up to the next one: each character is looked at
/// once, however many marks there are.
fn behind<'a>(line: &'a str, mark: &str) -> impl Iterator<Item = (u64, &'a str)> {
    let length = |text: &str| text.chars().count() as u64;
    let mut pieces = line.split(mark);
    let (mut next, mark) = (1 + pieces.next().map_or(0, length), length(mark));
    pieces.map(move |piece| {
        let column = next;
        next += mark + length(piece);
        (column, piece)
    })
}

/// The standard operating procedures, by name. Anything that their steps refer to must be there.
pub(super) fn sops(
    folder: &Folder<'_>,
    agents: &Gathered,
    skills: &[Skill],
    report: &mut Report,
) -> BTreeMap<String, String> {
    let mut sops: BTreeMap<String, String> = BTreeMap::new();
    for file in folder.below("sops", report).into_iter().filter(|file| file.ends_with(".md")) {
        let Some(text) = folder.read(&file, report) else { continue };
        if let Some(markdown) = read(&file, &text, fields::SOP, report) {
            if let Some(kind) = markdown.front.as_ref().and_then(|front| front.get("type"))
                && kind.text() != Some("sop")
            {
                report.error(&file, kind.place, format!("'type': expected 'sop', found {}", kind.kind()));
            }
            check_references(folder, &file, &markdown, agents, skills, report);
        }
        let name = stem(&file).to_owned();
        if sops.insert(name.clone(), text).is_some() {
            report.file_error(&file, format!("there is another procedure named '{name}'"));
        }
    }
    sops
}

fn check_references(
    folder: &Folder<'_>,
    file: &str,
    markdown: &Markdown<'_>,
    agents: &Gathered,
    skills: &[Skill],
    report: &mut Report,
) {
    let mut code = false;
    for (number, line) in (markdown.line..).zip(markdown.body.lines()) {
        code ^= line.trim_start().starts_with("```");
        if code {
            continue;
        }
        for (column, rest) in behind(line, "[") {
            let Some((inner, _)) = rest.split_once(']') else { continue };
            let Some((kind, target)) = inner.split_once(':') else { continue };
            let known = match kind {
                "agent" => agents.has(target),
                "skill" => {
                    let name = target.split('/').next().unwrap_or(target);
                    BUILT_IN_SKILLS.contains(&name) || skills.iter().any(|skill| skill.name == name)
                }
                "file" => folder.has(target) || folder.has(&format!("sops/{target}")),
                _ => continue,
            };
            if !known {
                report.error(file, (number, column), format!("[{inner}]: there is no {kind} '{target}'"));
            }
        }
    }
}

/// The skills: the public ones, which `list` may choose from, and those of single agents.
pub(super) fn skills(
    folder: &Folder<'_>,
    config: &str,
    list: Option<&Node>,
    agents: &Gathered,
    report: &mut Report,
) -> Vec<Skill> {
    let shared: Vec<Skill> = read_skills(folder, "skills", report);
    let known = |name: &str| shared.iter().find(|skill| skill.name == name);
    let chosen = list.map(Node::elements).unwrap_or_default();
    for entry in chosen {
        if let Some(name) = entry.text()
            && known(name).is_none()
            && !BUILT_IN_SKILLS.contains(&name)
        {
            let message = format!("there is no skill '{name}': expected skills/{name}/SKILL.md");
            report.error(config, entry.place, message);
        }
    }
    let public = |skill: &&Skill| chosen.is_empty() || chosen.iter().any(|entry| entry.text() == Some(&skill.name));
    let mut skills: Vec<Skill> = shared.iter().filter(public).cloned().collect();
    for agent in &agents.used {
        let own = read_skills(folder, &format!("agents/{}/skills", agent.id), report);
        for entry in agent.node.get("skills").map(Node::elements).unwrap_or_default() {
            let Some(name) = entry.text() else { continue };
            if own.iter().any(|skill| skill.name == name) || skills.iter().any(|skill| skill.is_public(name)) {
                continue;
            }
            match known(name) {
                Some(skill) => skills.push(Skill { agent: Some(agent.id.clone()), ..skill.clone() }),
                None if BUILT_IN_SKILLS.contains(&name) => {}
                None => {
                    let message = format!("'skills': there is no skill '{name}': expected skills/{name}/SKILL.md");
                    report.error(&agent.file, entry.place, message);
                }
            }
        }
        skills.extend(own.into_iter().map(|skill| Skill { agent: Some(agent.id.clone()), ..skill }));
    }
    skills
}

fn read_skills(folder: &Folder<'_>, place: &str, report: &mut Report) -> Vec<Skill> {
    let mut skills: Vec<Skill> = Vec::new();
    for own in folder.folders(place, report) {
        let file = format!("{own}/SKILL.md");
        if !folder.has(&file) {
            report.file_warning(&own, "has no SKILL.md and so is no skill");
            continue;
        }
        let Some(skill) = read_skill(folder, &own, &file, report) else { continue };
        if skills.iter().any(|other| other.name == skill.name) {
            report.file_error(&file, format!("there is another skill named '{}'", skill.name));
            continue;
        }
        skills.push(skill);
    }
    skills
}

fn read_skill(folder: &Folder<'_>, own: &str, file: &str, report: &mut Report) -> Option<Skill> {
    let text = folder.read(file, report)?;
    let markdown = read(file, &text, fields::SKILL, report)?;
    let directory = own.rsplit('/').next().unwrap_or(own);
    let field = |name: &str| markdown.front.as_ref().and_then(|front| front.get(name));
    let name = field("name").and_then(Node::text).unwrap_or(directory).to_owned();
    let place = field("name").map_or((1, 1), |node| node.place);
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = name.chars().all(|c| c == '-' || edge(Some(c)));
    if !inner || !edge(name.chars().next()) || !edge(name.chars().next_back()) {
        let message = "'name': expected lower-case letters, digits and hyphens between them";
        report.error(file, place, format!("{message}, found '{name}'"));
    } else if name != directory {
        report.warn(file, place, format!("'name' is '{name}' but the folder is '{directory}'"));
    }
    let Some(description) = field("description").and_then(Node::text) else {
        let place = markdown.front.as_ref().map_or((1, 1), |front| front.place);
        report.error(file, place, "'description' is required: front matter says what the skill does");
        return None;
    };
    let resources: Vec<String> = RESOURCES
        .iter()
        .flat_map(|part| folder.below(&format!("{own}/{part}"), report))
        .filter_map(|path| path.strip_prefix(own).map(|path| path.trim_start_matches('/').to_owned()))
        .collect();
    Some(Skill {
        description: description.to_owned(),
        license: field("license").and_then(Node::text).map(str::to_owned),
        compatibility: field("compatibility").map(|node| words(node).join(" ")),
        allowed_tools: field("allowed-tools").map(words).unwrap_or_default(),
        has_scripts: resources.iter().any(|path| path.starts_with("scripts/")),
        resources,
        agent: None,
        name,
    })
}

/// The words of a text, or the texts of a list.
fn words(node: &Node) -> Vec<String> {
    match &node.data {
        Data::List(nodes) => nodes.iter().filter_map(|node| node.text().map(str::to_owned)).collect(),
        Data::Text(text) => text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
