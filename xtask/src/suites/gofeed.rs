//! gofeed: the whole of what is expected, as JSON; what is not named there must not be there.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use wire::decode;
use wire::xml::Element;

use super::Case;
use super::told::{ATOM, Told, instant, push, set, unpacked};

type Object = Map<String, Json>;

pub(super) fn run(folder: &Path) -> Result<Vec<Case>, String> {
    let folder = folder.join("testdata");
    let mut cases = Vec::new();
    for file in super::files(&folder, &[".xml"])? {
        let wanted = format!("{}.json", file.trim_end_matches(".xml"));
        if !folder.join(&wanted).is_file() {
            continue;
        }
        let wanted: Json = serde_json::from_slice(&super::bytes(&folder, &wanted)?)
            .map_err(|fault| format!("{wanted}: {fault}"))?;
        let bytes = super::bytes(&folder, &file)?;
        let group = Path::new(&file).parent().and_then(Path::to_str).unwrap_or_default().to_owned();
        let differs = match told(&bytes, group.starts_with("parser/")) {
            Ok(found) => {
                let mut differs = Vec::new();
                compare("", &wanted, &found, &mut differs);
                differs
            }
            Err(fault) => vec![fault],
        };
        cases.push(Case::new(group, file, differs));
    }
    Ok(cases)
}

fn told(bytes: &[u8], own: bool) -> Result<Json, String> {
    let decoded = decode::decode(bytes);
    let told = Told::read(&decoded.text)?;
    let object = match (told.root.name, own) {
        ("feed", true) => atom(&told),
        ("feed", false) => from_atom(&told),
        (_, true) => rss(&told),
        (_, false) => from_rss(&told),
    };
    Ok(Json::Object(object))
}

fn compare(path: &str, wanted: &Json, found: &Json, differs: &mut Vec<String>) {
    match (wanted, found) {
        (Json::Object(wanted), Json::Object(found)) => {
            for (name, value) in wanted {
                compare(&format!("{path}.{name}"), value, found.get(name).unwrap_or(&Json::Null), differs);
            }
            for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
                differs.push(format!("{path}.{name} is there, and is not wanted"));
            }
        }
        (Json::Array(wanted), Json::Array(found)) if wanted.len() == found.len() => {
            for (i, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                compare(&format!("{path}[{i}]"), wanted, found, differs);
            }
        }
        // It compares structures, in which an empty text and none are one.
        (Json::String(text), Json::Null) if text.is_empty() => {}
        (wanted, found) if wanted != found => differs.push(format!("{path} is {found}, wanted {wanted}")),
        _ => {}
    }
}

fn dated(to: &mut Object, name: &str, raw: &str) {
    set(to, name, raw);
    if let Some(at) = instant(raw) {
        let rest = at.strftime("%Y-%m-%dT%H:%M:%S%.fZ").to_string();
        set(to, &format!("{name}Parsed"), rest);
    }
}

/// Any element of a module, by prefix and name; Dublin Core and the podcasts' names have lists of their own.
fn extension(told: &Told<'_>, element: &Element<'_>, to: &mut Object) {
    let prefix = told.prefix(element);
    let tree = told.tree(element);
    let all = to.entry("extensions").or_insert_with(|| json!({}));
    if let Some(all) = all.as_object_mut() {
        let of = all.entry(prefix).or_insert_with(|| json!({}));
        if let Some(of) = of.as_object_mut() {
            push(of, element.name, tree);
        }
    }
    let value = element.text().trim().to_owned();
    if prefix == "dc" {
        let dc = to.entry("dcExt").or_insert_with(|| json!({}));
        if let Some(dc) = dc.as_object_mut() {
            push(dc, element.name, Json::from(value));
        }
    } else if prefix == "itunes" {
        let own = to.entry("itunesExt").or_insert_with(|| json!({}));
        let Some(own) = own.as_object_mut() else { return };
        match element.name {
            "category" => {
                let mut category = Object::new();
                set(&mut category, "text", element.attr("text").unwrap_or_default());
                if let Some(inner) = element.child("category") {
                    category.insert("subcategory".into(), json!({ "text": inner.attr("text") }));
                }
                push(own, "categories", Json::Object(category));
            }
            "image" => set(own, "image", element.attr("href").unwrap_or_default()),
            "owner" => {
                let part = |name| element.child(name).map(|e| e.text().trim().to_owned()).unwrap_or_default();
                let mut owner = Object::new();
                set(&mut owner, "name", part("name"));
                set(&mut owner, "email", part("email"));
                own.insert("owner".into(), Json::Object(owner));
            }
            "new-feed-url" => set(own, "newFeedUrl", value),
            name => set(own, &camel(name), value),
        }
    }
}

fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut up = false;
    for c in name.chars() {
        match c {
            '-' => up = true,
            c if up => {
                out.push(c.to_ascii_uppercase());
                up = false;
            }
            c => out.push(c),
        }
    }
    out
}

// ---- Atom

fn construct(told: &Told<'_>, element: &Element<'_>) -> String {
    let kind = element.attr("type").unwrap_or_default().to_ascii_lowercase();
    let mode = element.attr("mode").unwrap_or_default();
    let packed = mode == "base64"
        || kind == "application/octet-stream"
        || element.name == "content"
            && !kind.is_empty()
            && !["text", "html", "xhtml"].contains(&kind.as_str())
            && !kind.starts_with("text/")
            && !kind.ends_with("+xml")
            && !kind.ends_with("/xml");
    if packed && let Some(text) = unpacked(&element.text()) {
        return text;
    }
    let elements: Vec<&Element<'_>> = element.elements().collect();
    if kind.contains("xhtml") || kind.ends_with("xml") {
        if let [div] = elements[..]
            && div.name == "div"
        {
            return told.inside(div).trim().to_owned();
        }
        return told.inside(element).trim().to_owned();
    }
    told.markup(element)
}

fn person(told: &Told<'_>, element: &Element<'_>) -> Json {
    let mut person = Object::new();
    for child in element.elements() {
        match child.name {
            "name" | "email" => set(&mut person, child.name, child.text().trim()),
            "uri" | "url" | "homepage" => set(&mut person, "uri", told.address(child, child.text().trim())),
            _ => {}
        }
    }
    Json::Object(person)
}

fn link(told: &Told<'_>, element: &Element<'_>) -> Json {
    let mut link = Object::new();
    set(&mut link, "href", told.address(element, element.attr("href").unwrap_or_default().trim()));
    for name in ["hreflang", "rel", "type", "title", "length"] {
        set(&mut link, name, element.attr(name).unwrap_or_default().trim());
    }
    link.entry("rel").or_insert_with(|| Json::from("alternate"));
    Json::Object(link)
}

fn atom(told: &Told<'_>) -> Object {
    let root = &told.root;
    let mut out = Object::new();
    out.insert("entries".into(), json!([]));
    let version = if root.ns.as_deref() == Some(ATOM[1]) || root.attr("version") == Some("0.3") {
        "0.3"
    } else {
        "1.0"
    };
    set(&mut out, "version", version);
    set(&mut out, "language", root.lang().unwrap_or_default());
    for element in root.elements() {
        if element.name == "entry" {
            push(&mut out, "entries", Json::Object(part(told, element, false)));
        } else {
            one(told, element, true, &mut out);
        }
    }
    out
}

fn part(told: &Told<'_>, element: &Element<'_>, feed: bool) -> Object {
    let mut out = Object::new();
    for child in element.elements() {
        one(told, child, feed, &mut out);
    }
    out
}

fn one(told: &Told<'_>, element: &Element<'_>, feed: bool, out: &mut Object) {
    if element.ns.as_deref().is_some_and(|ns| !ATOM.contains(&ns)) {
        return extension(told, element, out);
    }
    let text = || construct(told, element);
    match element.name {
        "title" | "id" => set(out, element.name, text()),
        "icon" | "logo" => set(out, element.name, told.address(element, &text())),
        "updated" | "modified" => dated(out, "updated", element.text().trim()),
        "published" | "issued" => dated(out, "published", element.text().trim()),
        "subtitle" | "tagline" if feed => set(out, "subtitle", text()),
        "rights" | "copyright" => set(out, "rights", text()),
        "summary" if !feed => set(out, "summary", text()),
        "link" => push(out, "links", link(told, element)),
        "author" => push(out, "authors", person(told, element)),
        "contributor" => push(out, "contributors", person(told, element)),
        "category" => {
            let mut category = Object::new();
            for name in ["term", "scheme", "label"] {
                set(&mut category, name, element.attr(name).unwrap_or_default());
            }
            push(out, "categories", Json::Object(category));
        }
        "generator" => {
            let mut generator = Object::new();
            set(&mut generator, "value", text());
            set(
                &mut generator,
                "uri",
                element.attr("uri").or_else(|| element.attr("url")).unwrap_or_default(),
            );
            set(&mut generator, "version", element.attr("version").unwrap_or_default());
            out.insert("generator".into(), Json::Object(generator));
        }
        "content" => {
            let mut content = Object::new();
            set(&mut content, "src", element.attr("src").unwrap_or_default());
            set(&mut content, "type", element.attr("type").unwrap_or_default());
            set(&mut content, "value", text());
            out.insert("content".into(), Json::Object(content));
        }
        "source" => {
            out.insert("source".into(), Json::Object(part(told, element, true)));
        }
        _ => {}
    }
}

fn from_atom(told: &Told<'_>) -> Object {
    let feed = atom(told);
    let mut out = Object::new();
    set(&mut out, "feedType", "atom");
    take(
        &feed,
        &mut out,
        &[
            ("version", "feedVersion"),
            ("title", "title"),
            ("subtitle", "description"),
            ("updated", "updated"),
            ("updatedParsed", "updatedParsed"),
            ("language", "language"),
            ("rights", "copyright"),
            ("extensions", "extensions"),
        ],
    );
    if let Some(generator) = feed.get("generator") {
        let word = |name: &str| generator[name].as_str().unwrap_or_default();
        set(&mut out, "generator", [word("value"), word("version"), word("uri")].join(" ").trim());
    }
    let image = feed.get("logo").or_else(|| feed.get("icon"));
    if let Some(image) = image {
        out.insert("image".into(), json!({ "url": image }));
    }
    persons(&feed, "authors", &mut out);
    links(&feed, &mut out, true);
    terms(&feed, &mut out);
    let entries = feed["entries"].as_array().into_iter().flatten().filter_map(Json::as_object);
    let items: Vec<Json> = entries.map(|entry| Json::Object(from_entry(entry))).collect();
    out.insert("items".into(), Json::Array(items));
    out
}

fn from_entry(entry: &Object) -> Object {
    let mut out = Object::new();
    take(
        entry,
        &mut out,
        &[
            ("title", "title"),
            ("id", "guid"),
            ("summary", "description"),
            ("updated", "updated"),
            ("updatedParsed", "updatedParsed"),
            ("published", "published"),
            ("publishedParsed", "publishedParsed"),
            ("extensions", "extensions"),
        ],
    );
    if !out.contains_key("published") {
        take(entry, &mut out, &[("updated", "published"), ("updatedParsed", "publishedParsed")]);
    }
    if let Some(content) = entry.get("content") {
        set(&mut out, "content", content["value"].as_str().unwrap_or_default());
    }
    persons(entry, "authors", &mut out);
    links(entry, &mut out, false);
    terms(entry, &mut out);
    let all = entry.get("links").and_then(Json::as_array).into_iter().flatten();
    for link in all.filter(|link| link["rel"] == "enclosure") {
        let mut enclosure = Object::new();
        for (from, to) in [("href", "url"), ("length", "length"), ("type", "type")] {
            set(&mut enclosure, to, link[from].as_str().unwrap_or_default());
        }
        push(&mut out, "enclosures", Json::Object(enclosure));
    }
    out
}

fn take(from: &Object, to: &mut Object, names: &[(&str, &str)]) {
    for (old, new) in names {
        if let Some(value) = from.get(*old) {
            to.insert((*new).to_owned(), value.clone());
        }
    }
}

fn persons(from: &Object, name: &str, to: &mut Object) {
    let all = from.get(name).and_then(Json::as_array).into_iter().flatten();
    for person in all {
        let mut short = Object::new();
        set(&mut short, "name", person["name"].as_str().unwrap_or_default());
        set(&mut short, "email", person["email"].as_str().unwrap_or_default());
        if !short.is_empty() {
            to.entry("author").or_insert_with(|| Json::Object(short.clone()));
            push(to, "authors", Json::Object(short));
        }
    }
}

fn links(from: &Object, to: &mut Object, feed: bool) {
    let all = from.get("links").and_then(Json::as_array).into_iter().flatten();
    for link in all {
        let href = link["href"].as_str().unwrap_or_default();
        let rel = link["rel"].as_str().unwrap_or_default();
        if rel == "alternate" && !to.contains_key("link") {
            set(to, "link", href);
        } else if rel == "self" && feed {
            set(to, "feedLink", href);
        }
        if ["alternate", "self"].contains(&rel) && !href.is_empty() {
            push(to, "links", Json::from(href));
        }
    }
}

fn terms(from: &Object, to: &mut Object) {
    for category in from.get("categories").and_then(Json::as_array).into_iter().flatten() {
        let term = category["label"].as_str().or_else(|| category["term"].as_str()).unwrap_or_default();
        if !term.is_empty() {
            push(to, "categories", Json::from(term));
        }
    }
}

// ---- RSS

/// The parts of a channel that may stand beside it (RSS 1.0 and 0.90 do so).
const BESIDE: [&str; 4] = ["item", "items", "image", "textinput"];

fn rss(told: &Told<'_>) -> Object {
    let root = &told.root;
    let mut out = Object::new();
    out.insert("items".into(), json!([]));
    let rdf = root.name == "RDF";
    let old = root.elements().any(|e| e.ns.as_deref().is_some_and(|ns| ns.contains("netscape.com")));
    let version = if !rdf {
        root.attr("version").unwrap_or_default()
    } else if old {
        "0.9"
    } else {
        "1.0"
    };
    set(&mut out, "version", version);
    let beside = |e: &&Element<'_>| BESIDE.contains(&e.name.to_ascii_lowercase().as_str());
    let channel = root.child("channel");
    for element in channel.into_iter().flat_map(Element::elements).chain(root.elements().filter(beside)) {
        in_channel(told, element, &mut out);
    }
    out
}

fn foreign(told: &Told<'_>, element: &Element<'_>) -> bool {
    let prefix = told.prefix(element);
    !prefix.is_empty() && !["rdf", "rss", "rss1"].contains(&prefix)
}

fn in_channel(told: &Told<'_>, element: &Element<'_>, out: &mut Object) {
    if foreign(told, element) {
        return extension(told, element, out);
    }
    let text = || told.markup(element);
    let name = element.name.to_ascii_lowercase();
    match name.as_str() {
        "title" | "description" | "language" | "copyright" | "generator" | "docs" | "ttl" | "rating" => {
            set(out, &name, text());
        }
        "link" => {
            let link = Some(text()).filter(|link| !link.is_empty());
            let link = link.unwrap_or_else(|| element.attr("href").unwrap_or_default().to_owned());
            set(out, "link", &link);
            if !link.is_empty() {
                push(out, "links", Json::from(link));
            }
        }
        "managingeditor" => set(out, "managingEditor", text()),
        "webmaster" => set(out, "webMaster", text()),
        "pubdate" => dated(out, "pubDate", &text()),
        "lastbuilddate" => dated(out, "lastBuildDate", &text()),
        "category" => push(out, "categories", category(told, element)),
        "skiphours" | "skipdays" => {
            let name = if name == "skiphours" { "skipHours" } else { "skipDays" };
            for child in element.elements() {
                push(out, name, Json::from(told.markup(child)));
            }
        }
        "image" => members(told, element, out, "image"),
        "textinput" => members(told, element, out, "textInput"),
        "cloud" => {
            let mut cloud = Object::new();
            for name in ["domain", "port", "path", "registerProcedure", "protocol"] {
                set(&mut cloud, name, element.attr(name).unwrap_or_default());
            }
            out.insert("cloud".into(), Json::Object(cloud));
        }
        "items" => {
            for child in element.elements().filter(|child| child.name == "item") {
                push(out, "items", Json::Object(item(told, child)));
            }
        }
        "item" => push(out, "items", Json::Object(item(told, element))),
        _ => {}
    }
}

fn members(told: &Told<'_>, element: &Element<'_>, out: &mut Object, name: &str) {
    let mut object = Object::new();
    for child in element.elements().filter(|child| !foreign(told, child)) {
        set(&mut object, &child.name.to_ascii_lowercase(), told.markup(child));
    }
    out.insert(name.to_owned(), Json::Object(object));
}

fn category(told: &Told<'_>, element: &Element<'_>) -> Json {
    let mut category = Object::new();
    set(&mut category, "domain", element.attr("domain").unwrap_or_default());
    set(&mut category, "value", told.markup(element));
    Json::Object(category)
}

fn item(told: &Told<'_>, element: &Element<'_>) -> Object {
    let mut out = Object::new();
    for child in element.elements() {
        let text = || told.markup(child);
        if told.prefix(child) == "content" && child.name == "encoded" {
            set(&mut out, "content", text());
            continue;
        }
        if foreign(told, child) {
            extension(told, child, &mut out);
            continue;
        }
        match child.name.to_ascii_lowercase().as_str() {
            "title" => set(&mut out, "title", text()),
            "description" => set(&mut out, "description", text()),
            "author" => set(&mut out, "author", text()),
            "comments" => set(&mut out, "comments", text()),
            "link" => {
                let link = Some(text()).filter(|link| !link.is_empty());
                let link = link.unwrap_or_else(|| child.attr("href").unwrap_or_default().to_owned());
                set(&mut out, "link", &link);
                if !link.is_empty() {
                    push(&mut out, "links", Json::from(link));
                }
            }
            "category" => push(&mut out, "categories", category(told, child)),
            "pubdate" => dated(&mut out, "pubDate", &text()),
            "enclosure" => {
                let mut enclosure = Object::new();
                for name in ["url", "length", "type"] {
                    set(&mut enclosure, name, child.attr(name).unwrap_or_default());
                }
                push(&mut out, "enclosures", Json::Object(enclosure.clone()));
                out.insert("enclosure".into(), Json::Object(enclosure));
            }
            "guid" => {
                let mut guid = Object::new();
                set(&mut guid, "value", text());
                set(&mut guid, "isPermalink", child.attr("isPermaLink").unwrap_or("true"));
                out.insert("guid".into(), Json::Object(guid));
            }
            "source" => {
                let mut source = Object::new();
                set(&mut source, "title", text());
                set(&mut source, "url", child.attr("url").unwrap_or_default());
                out.insert("source".into(), Json::Object(source));
            }
            _ => {
                if child.elements().next().is_none() {
                    let custom = out.entry("custom").or_insert_with(|| json!({}));
                    if let Some(custom) = custom.as_object_mut() {
                        set(custom, child.name, text());
                    }
                }
            }
        }
    }
    out
}

/// `name (mail)`, `mail (name)`, or one of them alone.
fn author(raw: &str) -> Json {
    let mut out = Object::new();
    let raw = raw.trim();
    let (before, inside) = match raw.split_once('(') {
        Some((before, inside)) => (before.trim(), inside.trim_end_matches(')').trim()),
        None => match raw.split_once('<') {
            Some((before, inside)) => (before.trim(), inside.trim_end_matches('>').trim()),
            None => (raw, ""),
        },
    };
    for word in [before, inside] {
        if word.contains('@') && !word.contains(' ') {
            set(&mut out, "email", word)
        } else {
            set(&mut out, "name", word)
        }
    }
    Json::Object(out)
}

fn give_author(out: &mut Object, author: Json) {
    push(out, "authors", author.clone());
    out.insert("author".into(), author);
}

/// The first of a list of Dublin Core.
fn dublin<'o>(from: &'o Object, name: &str) -> Option<&'o str> {
    from.get("dcExt")?.get(name)?.get(0)?.as_str()
}

fn podcast<'o>(from: &'o Object, name: &str) -> Option<&'o str> {
    from.get("itunesExt")?.get(name)?.as_str()
}

/// The address of the first picture in a text of HTML, as our reader of HTML finds it.
fn picture(html: Option<&Json>) -> Option<String> {
    let words = wire::html::read_fragment(html?.as_str()?, "", &wire::Limits::default());
    words.renditions.into_iter().map(|picture| picture.href).next()
}

fn all_categories(from: &Object, out: &mut Object) {
    let mut names: Vec<String> = Vec::new();
    for category in from.get("categories").and_then(Json::as_array).into_iter().flatten() {
        names.extend(category["value"].as_str().map(str::to_owned));
    }
    names.extend(
        podcast(from, "keywords").into_iter().flat_map(|words| words.split(',').map(|w| w.trim().to_owned())),
    );
    let podcasts = from.get("itunesExt").and_then(|own| own.get("categories")).and_then(Json::as_array);
    for category in podcasts.into_iter().flatten() {
        names.extend(category["text"].as_str().map(str::to_owned));
        names.extend(category["subcategory"]["text"].as_str().map(str::to_owned));
    }
    let foreign =
        from.get("extensions").and_then(|all| all.get("atom")).and_then(|atom| atom.get("category"));
    let foreign: Vec<String> = foreign
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|category| category["attrs"]["term"].as_str().map(str::to_owned))
        .collect();
    let subjects = from.get("dcExt").and_then(|dc| dc.get("subject")).and_then(Json::as_array);
    names.extend(subjects.into_iter().flatten().filter_map(|s| s.as_str().map(str::to_owned)));
    names.extend(foreign);
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        push(out, "categories", Json::from(name));
    }
}

fn from_rss(told: &Told<'_>) -> Object {
    let feed = rss(told);
    let mut out = Object::new();
    set(&mut out, "feedType", "rss");
    take(
        &feed,
        &mut out,
        &[
            ("version", "feedVersion"),
            ("title", "title"),
            ("description", "description"),
            ("link", "link"),
            ("language", "language"),
            ("copyright", "copyright"),
            ("generator", "generator"),
            ("pubDate", "published"),
            ("pubDateParsed", "publishedParsed"),
            ("lastBuildDate", "updated"),
            ("lastBuildDateParsed", "updatedParsed"),
            ("dcExt", "dcExt"),
            ("itunesExt", "itunesExt"),
            ("extensions", "extensions"),
        ],
    );
    let fallback = |out: &mut Object, name: &str, value: Option<&str>| {
        if !out.contains_key(name) {
            set(out, name, value.unwrap_or_default());
        }
    };
    fallback(&mut out, "title", dublin(&feed, "title"));
    fallback(&mut out, "description", podcast(&feed, "summary"));
    fallback(&mut out, "language", dublin(&feed, "language"));
    let mut links: Vec<Json> = feed.get("links").and_then(Json::as_array).cloned().unwrap_or_default();
    let atom = feed.get("extensions").and_then(|all| all.get("atom")).and_then(|atom| atom.get("link"));
    for link in atom.and_then(Json::as_array).into_iter().flatten() {
        let (rel, href) = (&link["attrs"]["rel"], &link["attrs"]["href"]);
        if *rel == "self" && href.is_string() {
            out.insert("feedLink".into(), href.clone());
            links.push(href.clone());
        } else if (rel.is_null() || *rel == "alternate") && href.is_string() {
            out.entry("link").or_insert_with(|| href.clone());
            links.push(href.clone());
        }
    }
    if !links.is_empty() {
        out.insert("links".into(), Json::Array(links));
    }
    let text = |name: &str| feed.get(name).and_then(Json::as_str);
    let by = text("managingEditor").or_else(|| text("webMaster")).or_else(|| dublin(&feed, "author"));
    if let Some(by) = by.or_else(|| dublin(&feed, "creator")).or_else(|| podcast(&feed, "author")) {
        give_author(&mut out, author(by));
    }
    let image = feed.get("image").and_then(Json::as_object);
    if let Some(image) = image {
        let mut short = Object::new();
        take(image, &mut short, &[("url", "url"), ("title", "title")]);
        out.insert("image".into(), Json::Object(short));
    } else if let Some(href) =
        podcast(&feed, "image").map(str::to_owned).or_else(|| picture(feed.get("description")))
    {
        out.insert("image".into(), json!({ "url": href }));
    }
    all_categories(&feed, &mut out);
    let items = feed["items"].as_array().into_iter().flatten().filter_map(Json::as_object);
    let items: Vec<Json> = items.map(|item| Json::Object(from_item(item))).collect();
    out.insert("items".into(), Json::Array(items));
    out
}

fn from_item(item: &Object) -> Object {
    let mut out = Object::new();
    take(
        item,
        &mut out,
        &[
            ("title", "title"),
            ("description", "description"),
            ("content", "content"),
            ("link", "link"),
            ("links", "links"),
            ("pubDate", "published"),
            ("pubDateParsed", "publishedParsed"),
            ("enclosures", "enclosures"),
            ("dcExt", "dcExt"),
            ("itunesExt", "itunesExt"),
            ("extensions", "extensions"),
            ("custom", "custom"),
        ],
    );
    if let Some(guid) = item.get("guid") {
        set(&mut out, "guid", guid["value"].as_str().unwrap_or_default());
    }
    for (name, value) in [
        ("title", dublin(item, "title")),
        ("description", dublin(item, "description").or_else(|| podcast(item, "summary"))),
    ] {
        if !out.contains_key(name) {
            set(&mut out, name, value.unwrap_or_default());
        }
    }
    if !out.contains_key("published")
        && let Some(date) = dublin(item, "date")
    {
        dated(&mut out, "published", date);
    }
    if let Some(date) = dublin(item, "date") {
        dated(&mut out, "updated", date);
    }
    let text = |name: &str| item.get(name).and_then(Json::as_str);
    let by = text("author").or_else(|| dublin(item, "author")).or_else(|| dublin(item, "creator"));
    if let Some(by) = by.or_else(|| podcast(item, "author")) {
        give_author(&mut out, author(by));
    }
    let media =
        item.get("extensions").and_then(|all| all.get("media")).and_then(|media| media.get("content"));
    let media =
        media.and_then(Json::as_array).into_iter().flatten().find(|m| m["attrs"]["medium"] == "image");
    if let Some(href) = podcast(item, "image") {
        out.insert("image".into(), json!({ "url": href }));
    } else if let Some(media) = media {
        out.insert("image".into(), json!({ "url": media["attrs"]["url"] }));
    } else if let Some(href) = picture(item.get("content")).or_else(|| picture(item.get("description"))) {
        out.insert("image".into(), json!({ "url": href }));
    }
    all_categories(item, &mut out);
    out
}
