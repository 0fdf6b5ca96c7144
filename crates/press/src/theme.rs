//! Themes: templates that place what the press has made ready, and one style sheet, a file that every page names.

use std::fmt;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, escape_formatter};
use news::Digest;

/// The built-in theme, template by template.
const BROADSHEET: &[(&str, &str)] = &[
    ("about.html", include_str!("../themes/broadsheet/about.html")),
    ("base.html", include_str!("../themes/broadsheet/base.html")),
    ("front.html", include_str!("../themes/broadsheet/front.html")),
    ("history.html", include_str!("../themes/broadsheet/history.html")),
    ("list.html", include_str!("../themes/broadsheet/list.html")),
    ("missing.html", include_str!("../themes/broadsheet/missing.html")),
    ("policy.html", include_str!("../themes/broadsheet/policy.html")),
    ("search.html", include_str!("../themes/broadsheet/search.html")),
    ("story.html", include_str!("../themes/broadsheet/story.html")),
    ("withdrawn.html", include_str!("../themes/broadsheet/withdrawn.html")),
];

/// The built-in theme's style sheet.
const STYLE: &str = include_str!("../themes/broadsheet/style.css");

/// The file of a theme that is its style sheet.
const STYLE_FILE: &str = "style.css";

/// How many steps a template may take: a theme that loops for ever is stopped, a front page with a thousand
/// stories is not.
const FUEL: u64 = 2_000_000;

/// A theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadThemeError {
    /// The file of the theme that is at fault.
    pub file: String,
    /// What is wrong with it, and where.
    pub fault: String,
}

impl fmt::Display for LoadThemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot load the theme's file `{}`: {}", self.file, self.fault)
    }
}

impl std::error::Error for LoadThemeError {}

/// A compiled theme.
#[derive(Debug)]
pub(crate) struct Theme {
    templates: Environment<'static>,
    style: Style,
}

/// A style sheet, and the path at which it stands on every site: another one stands at another path.
#[derive(Debug)]
pub(crate) struct Style {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Style {
    fn of(text: String) -> Self {
        let digest = Digest::of(text.as_bytes()).to_string();
        Self { path: format!("/style-{}.css", &digest[..16]), text }
    }
}

impl Theme {
    /// The built-in theme.
    pub(crate) fn broadsheet() -> Self {
        // The built-in templates compile, or no test of this crate passes; a file that did not would be left out
        // and its pages refused, never a panic in front of readers.
        let mut theme = Self { templates: environment(), style: Style::of(STYLE.to_owned()) };
        for (name, source) in BROADSHEET {
            let _ = theme.templates.add_template(name, source);
        }
        theme
    }

    /// The built-in theme with some of its files replaced, or files added.
    pub(crate) fn with_files(
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LoadThemeError> {
        let mut theme = Self::broadsheet();
        for (file, source) in files {
            if file == STYLE_FILE {
                theme.style = Style::of(source);
            } else if let Err(e) = theme.templates.add_template_owned(file.clone(), source) {
                return Err(LoadThemeError { file, fault: describe(&e) });
            }
        }
        Ok(theme)
    }

    /// The style sheet.
    pub(crate) fn style(&self) -> &Style {
        &self.style
    }

    /// Renders a template; the error says which line of which file is at fault.
    pub(crate) fn render(&self, template: &str, context: Value) -> Result<String, String> {
        let rendered = self.templates.get_template(template).and_then(|template| template.render(context));
        rendered.map_err(|e| describe(&e))
    }
}

fn environment() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_formatter(put);
    templates.set_fuel(Some(FUEL));
    templates
}

/// Puts a value into a page. Texts are escaped for elements and for attributes in any quotes; a slash means nothing in
/// either, and every link has many.
fn put(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            let mut rest = text;
            while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
                let (plain, odd) = rest.split_at(at);
                out.write_str(plain)?;
                out.write_str(match odd.as_bytes()[0] {
                    b'&' => "&amp;",
                    b'<' => "&lt;",
                    b'>' => "&gt;",
                    b'"' => "&quot;",
                    _ => "&#39;",
                })?;
                rest = &odd[1..];
            }
            Ok(out.write_str(rest)?)
        }
        _ => escape_formatter(out, state, value),
    }
}

fn describe(error: &Error) -> String {
    match (error.name(), error.line()) {
        (Some(name), Some(line)) => format!("{} in {name}, line {line}", error.kind()),
        _ => error.kind().to_string(),
    }
}
