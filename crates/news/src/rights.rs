//! Who owns the words and on what terms.

/// Rights as delivered; all of it text of the agency, none of it interpreted here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The credit to be shown: "Agency Example".
    pub credit_line: Option<String>,
    /// `copyrightHolder`.
    pub copyright_holder: Option<String>,
    /// `copyrightNotice`: "© 2026 Agency Example".
    pub copyright_notice: Option<String>,
    /// `usageTerms`, in order.
    pub usage_terms: Vec<String>,
}
