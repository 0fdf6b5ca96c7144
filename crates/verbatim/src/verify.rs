//! `verbatim verify` and `verbatim quote`: checks a story from outside, as anybody could, online or from files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lines::reader::{Answer, Reader};
use news::Digest;
use notary::chain::{Chain, Seen, Trust, Verdict, check};
use notary::{Proof, Quote, VerifierKey, relaxed, relaxed_hash};
use press::gate::{ReadBack, read_back};
use serde_json::{Value, json};

use crate::cli;
use crate::run::runtime;
use crate::say::{self, Failure, paint, tame};

/// How long one answer may take, and how long it may be.
const PATIENCE: Duration = Duration::from_secs(20);
const LONGEST: usize = 16 << 20;
/// How many style sheets of a page are looked at, and how much of a rule is told.
const SHEETS: usize = 8;
const RULE: usize = 120;
/// Characters of an item's identifier in its address.
const ID: usize = 26;

/// What was looked at, and with which proof.
struct Case {
    what: String,
    seen: Seen,
    proof: Proof,
    trust: Trust,
    /// What a reader should know besides.
    remarks: Vec<String>,
}

/// Why nothing could be told: exit code 2.
struct Untold(String);

impl<E: std::fmt::Display> From<E> for Untold {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// `verbatim verify`: exit 0 if it is genuine, 1 if it is not, 2 if that could not be told.
pub(crate) fn verify(ask: &cli::Verify) -> Result<ExitCode, Failure> {
    match case(ask) {
        Ok(case) => {
            let chain = check(&case.seen, &case.proof, &case.trust);
            tell(&case, &chain, ask.json);
            Ok(ExitCode::from(match chain.verdict() {
                Verdict::Held => 0,
                Verdict::Broken => 1,
                Verdict::Unknown => 2,
            }))
        }
        Err(Untold(why)) => {
            if ask.json {
                say::json(&json!({ "target": ask.target, "verdict": "unknown", "why": why, "steps": [] }));
            } else {
                say::line(format_args!("{} {}", paint("33", "Could not tell:"), tame(&why)));
            }
            Ok(ExitCode::from(2))
        }
    }
}

fn case(ask: &cli::Verify) -> Result<Case, Untold> {
    let mut trust = Trust { quorum: ask.quorum.unwrap_or(ask.witnesses.len()), ..Trust::default() };
    for key in &ask.keys {
        trust.keys.push(VerifierKey::parse(key).map_err(|error| Untold(format!("`{key}`: {error}")))?);
    }
    for key in &ask.witnesses {
        trust.witnesses.push(VerifierKey::parse(key).map_err(|error| Untold(format!("`{key}`: {error}")))?);
    }
    let online = ask.target.starts_with("http://") || ask.target.starts_with("https://");
    let mut case = if online { online_case(ask, trust)? } else { file_case(ask, trust)? };
    if let Some(file) = &ask.text {
        let text = text_of(file)?;
        case.seen = Seen {
            copy: Some(Digest::of(text.as_bytes()).0).filter(|_| text.ends_with('\n')),
            relaxed: Some(relaxed_hash(&text)),
            item: case.seen.item,
            ..Seen::default()
        };
        // Pasted text has lost its line breaks: only if it has them all it is compared letter for letter.
        let whole =
            case.proof.extra.as_deref().and_then(notary::chain::Extra::parse).and_then(|extra| extra.opening);
        let copy = case.seen.copy.map(|hash| Digest(hash).to_string());
        let exact = whole
            .is_some_and(|(_, lines)| copy.is_some_and(|copy| lines.contains(&format!("copy {copy}\n"))));
        case.seen.copy = case.seen.copy.filter(|_| exact);
        case.what = file.display().to_string();
    }
    Ok(case)
}

fn text_of(file: &Path) -> Result<String, Untold> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
        bytes
    } else {
        std::fs::read(file).map_err(|error| Untold(format!("reading {}: {error}", file.display())))?
    };
    String::from_utf8(bytes).map_err(|_| Untold(format!("{} is not UTF-8", file.display())))
}

/// The story's part of an address, and its identifier: what follows is a decorative slug.
fn story_in(address: &str) -> (&str, Option<String>) {
    let bare = address.split(['?', '#']).next().unwrap_or(address);
    match bare.find("/s/").map(|at| at + 3) {
        Some(at) if bare.get(at..at + ID).is_some() => {
            (&bare[..at + ID], bare.get(at..at + ID).map(str::to_owned))
        }
        _ => (bare, None),
    }
}

fn get(reader: &Reader, runtime: &tokio::runtime::Runtime, address: &str) -> Result<Answer, Untold> {
    Ok(runtime.block_on(reader.get(address))?)
}

fn online_case(ask: &cli::Verify, mut trust: Trust) -> Result<Case, Untold> {
    let (reader, runtime) = (Reader::new(PATIENCE, LONGEST)?, runtime()?);
    let (story, item) = story_in(&ask.target);
    let mut remarks = Vec::new();
    let page = get(&reader, &runtime, &ask.target)?;
    let mut seen = match page.status {
        200 => {
            let back = read_back(page.text().ok_or_else(|| Untold("the page is not UTF-8".to_owned()))?);
            let mut sheets = Vec::new();
            for address in sheets_of(&back, story) {
                match get(&reader, &runtime, &address).map(|sheet| (sheet.status, sheet.body)) {
                    Ok((200, css)) => sheets.push(String::from_utf8_lossy(&css).into_owned()),
                    _ => remarks
                        .push(format!("the style sheet {address} does not answer: it was not looked at")),
                }
            }
            look(&back, &sheets)
        }
        410 => Seen::default(),
        404 => return Err(Untold(format!("{} answers 404: nothing was ever published there", ask.target))),
        status => return Err(Untold(format!("{} answers {status}", ask.target))),
    };
    seen.item = item;
    let proof = match &ask.proof {
        Some(file) => text_of(file)?,
        None => {
            let answer = get(&reader, &runtime, &format!("{story}.proof"))?;
            let text = answer.text().unwrap_or_default().to_owned();
            if !matches!(answer.status, 200 | 410) || !text.starts_with("c2sp.org/") {
                return Err(Untold(format!("{story}.proof answers {} and no proof", answer.status)));
            }
            if (answer.status == 410) != (page.status == 410) {
                remarks.push(
                    "page and proof do not agree on whether the story is live; it may have changed just now"
                        .to_owned(),
                );
            }
            text
        }
    };
    let proof = Proof::parse(&proof)?;
    if trust.keys.is_empty() {
        let base = story.split("/s/").next().unwrap_or(story);
        let said = get(&reader, &runtime, &format!("{base}/.well-known/verbatim.json"))?;
        let said: Value = serde_json::from_slice(&said.body).unwrap_or_default();
        // A story of an earlier shard is under that shard's key.
        let all = said["log"]["keys"].as_array().into_iter().flatten().chain([&said["log"]["vkey"]]);
        let keys: Vec<VerifierKey> =
            all.filter_map(|key| key.as_str().and_then(|key| VerifierKey::parse(key).ok())).collect();
        if !keys.is_empty() {
            let own = "the key was taken from the site itself: this shows that the site keeps one story straight, not \
                       that it keeps the same one for everybody. Get the key elsewhere and pass it with --key";
            remarks.push(own.to_owned());
        }
        trust.keys.extend(keys);
    }
    Ok(Case { what: ask.target.clone(), seen, proof, trust, remarks })
}

fn file_case(ask: &cli::Verify, trust: Trust) -> Result<Case, Untold> {
    let path = Path::new(&ask.target);
    let text = text_of(path)?;
    let what = ask.target.clone();
    if Quote::is_one(&text) {
        let quote = Quote::parse(&text)?;
        let (_, item) = story_in(&quote.url);
        let remarks = vec![format!("quoted from {}: \u{201c}{}\u{201d}", quote.url, quote.text)];
        let proof = quote.proof.clone();
        let seen = Seen { quote: Some(quote), item, ..Seen::default() };
        return Ok(Case { what, seen, proof, trust, remarks });
    }
    if text.starts_with("c2sp.org/") {
        return Ok(Case { what, seen: Seen::default(), proof: Proof::parse(&text)?, trust, remarks: vec![] });
    }
    let beside = [path.with_extension("proof"), PathBuf::from(format!("{}.proof", path.display()))];
    let file = ask.proof.clone().or_else(|| beside.into_iter().find(|file| file.is_file()));
    let file =
        file.ok_or_else(|| Untold(format!("there is no proof beside {what}; name it with --proof")))?;
    let proof = Proof::parse(&text_of(&file)?)?;
    let mut remarks = vec![];
    let seen = if text.contains("data-v") && text.contains('<') {
        let back = read_back(&text);
        if !back.sheets.is_empty() {
            remarks.push("the style sheets that the page links were not looked at".to_owned());
        }
        look(&back, &[])
    } else {
        Seen {
            copy: Some(Digest::of(text.as_bytes()).0),
            relaxed: Some(relaxed_hash(&text)),
            ..Seen::default()
        }
    };
    Ok(Case { what, seen, proof, trust, remarks })
}

/// Where the style sheets of a page are, by the address of its story.
pub(crate) fn sheets_of(back: &ReadBack, story: &str) -> Vec<String> {
    let scheme = story.find("://").map_or(0, |at| at + 3);
    let host = story[scheme..].find('/').map_or(story.len(), |at| scheme + at);
    let whole = |href: &String| match href.as_str() {
        href if href.contains("://") => href.to_owned(),
        href if href.starts_with("//") => format!("{}{href}", &story[..scheme.saturating_sub(2)]),
        href if href.starts_with('/') => format!("{}{href}", &story[..host]),
        href => format!("{}/{href}", story.rsplit_once('/').map_or(story, |(base, _)| base)),
    };
    back.sheets.iter().take(SHEETS).map(whole).collect()
}

/// Takes words and label off a page, as a browser would have them. `sheets` are the style sheets that it links, as far as
/// they are known.
pub(crate) fn look(back: &ReadBack, sheets: &[String]) -> Seen {
    let copy = back.blocks.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n\n") + "\n";
    let roles = back.blocks.iter().fold("verbatim-roles/1\n".to_owned(), |all, (kind, _)| all + kind + "\n");
    let mut faults: Vec<String> =
        back.findings.iter().map(|finding| format!("{} {}", finding.part, finding.found)).collect();
    faults.extend(back.styles.iter().chain(sheets).find_map(|css| {
        let rule: String = press::gate::hides(css, &back.shown)?.chars().take(RULE).collect();
        Some(format!("a style sheet may hide words: `{rule}`"))
    }));
    faults.extend(press::gate::contradiction(back).map(|refusal| refusal.to_string()));
    let (review, label) = match back.labels.as_slice() {
        [(state, text)] => (state.clone(), text.clone()),
        labels => {
            faults.push(format!("{} labels where there must be one", labels.len()));
            Default::default()
        }
    };
    Seen {
        faults: Some(faults),
        copy: Some(Digest::of(copy.as_bytes()).0),
        relaxed: Some(relaxed_hash(&copy)),
        roles: Some(Digest::of(roles.as_bytes()).0),
        label: Some(Digest::of(label.as_bytes()).0),
        review: Some(review),
        item: None,
        quote: None,
    }
}

fn tell(case: &Case, chain: &Chain, as_json: bool) {
    let state = case.proof.state().ok();
    if as_json {
        let steps: Vec<Value> = chain
            .steps
            .iter()
            .map(|step| json!({ "link": step.link.as_str(), "verdict": step.verdict.as_str(), "why": step.why }))
            .collect();
        let verdict = match chain.verdict() {
            Verdict::Held => "genuine",
            Verdict::Broken => "not genuine",
            Verdict::Unknown => "unknown",
        };
        say::json(&json!({
            "target": case.what,
            "verdict": verdict,
            "steps": steps,
            "act": chain.leaf.as_ref().map(|leaf| leaf.act.clone()),
            "item": chain.leaf.as_ref().and_then(|leaf| leaf.item.clone()),
            "version": chain.leaf.as_ref().and_then(|leaf| leaf.version),
            "published": chain.leaf.as_ref().map(|leaf| leaf.published.clone()),
            "uri": chain.disclosure.as_ref().and_then(|lines| lines.get("uri")),
            "log": state.as_ref().map(|state| &state.origin),
            "log_size": state.as_ref().map(|state| state.size),
            "log_index": case.proof.index,
            "signatures": chain.signed.iter().map(|signed| json!({ "name": signed.name, "time": signed.time })).collect::<Vec<_>>(),
            "remarks": case.remarks,
        }));
        return;
    }
    let head = match chain.verdict() {
        Verdict::Held => paint("32", "Genuine:"),
        Verdict::Broken => paint("31", "NOT genuine:"),
        Verdict::Unknown => paint("33", "Could not tell:"),
    };
    say::line(format_args!("{head} {}", tame(&case.what)));
    for step in &chain.steps {
        let mark = match step.verdict {
            Verdict::Held => paint("32", "  holds   "),
            Verdict::Broken => paint("31", "  BROKEN  "),
            Verdict::Unknown => paint("33", "  unknown "),
        };
        say::line(format_args!("{mark}{}", tame(&step.why)));
    }
    if let Some(state) = state {
        say::line(format_args!(
            "  leaf {} of {} in the log {}",
            case.proof.index,
            state.size,
            tame(&state.origin)
        ));
    }
    for remark in &case.remarks {
        say::line(format_args!("  {}", tame(remark)));
    }
}

/// `verbatim quote URL TEXT`: a proof of the one paragraph in which the words stand.
pub(crate) fn quote(ask: &cli::Quote) -> Result<ExitCode, Failure> {
    match make_quote(ask) {
        Ok(text) => {
            match &ask.output {
                Some(file) => std::fs::write(file, text)
                    .map_err(|error| format!("writing {}: {error}", file.display()))?,
                None => say::line(text.trim_end()),
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(Untold(why)) => Err(why.into()),
    }
}

fn make_quote(ask: &cli::Quote) -> Result<String, Untold> {
    let (reader, runtime) = (Reader::new(PATIENCE, LONGEST)?, runtime()?);
    let (story, _) = story_in(&ask.url);
    let page = get(&reader, &runtime, story)?;
    if page.status != 200 {
        return Err(Untold(format!("{story} answers {}: only what is live can be quoted", page.status)));
    }
    let back = press::gate::read_back(page.text().unwrap_or_default());
    let texts = || back.blocks.iter().map(|(_, text)| text);
    let wanted = relaxed(&ask.text);
    let n = texts().position(|text| text.contains(&ask.text));
    let n =
        n.or_else(|| texts().position(|text| relaxed(text).contains(&wanted)).filter(|_| !wanted.is_empty()));
    let Some(n) = n else {
        return Err(Untold(format!(
            "no single paragraph of {story} says that; a quotation is checked paragraph by paragraph"
        )));
    };
    let answer = get(&reader, &runtime, &format!("{story}.quote?paragraph={n}"))?;
    let text = answer.text().unwrap_or_default();
    if answer.status != 200 {
        return Err(Untold(format!(
            "{story} gives no proof of that paragraph (it answers {})",
            answer.status
        )));
    }
    let quote = Quote::parse(text)?;
    let seen = Seen { quote: Some(quote.clone()), ..Seen::default() };
    match check(&seen, &quote.proof, &Trust::default()).verdict() {
        Verdict::Broken => {
            Err(Untold(format!("the proof that {story} gives of that paragraph does not hold")))
        }
        _ => Ok(text.to_owned()),
    }
}
