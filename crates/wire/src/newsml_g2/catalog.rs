//! Which code belongs to which vocabulary, without the network.
//!
//! A code is written `alias:code`; a catalog says what the alias stands for. Catalogs that an item only refers to
//! are never fetched: IPTC's and those of a few agencies are built in. What an item declares itself goes first, so
//! an alias that an agency uses for something of its own is never taken for IPTC's.
//!
//! ```
//! let text = "<newsItem><itemMeta><pubStatus qcode='stat:usable'/></itemMeta></newsItem>";
//! // `stat` needs no catalog in the item: IPTC's is built in.
//! let reading = wire::newsml_g2::read(&text.replace("<newsItem>", "<newsItem guid='x'>"), &wire::Hints::default());
//! assert_eq!(reading.items[0].status, news::PubStatus::Usable);
//! ```

use std::borrow::Cow;

use crate::xml::Element;

/// IPTC's catalog 41 and aliases of agencies, sorted: alias and the URI that its codes are appended to.
const SCHEMES: [(&str, &str); 149] = [
    ("N2", "http://xml.media.reuters.com/g2-standards/taxonomies/N2/"),
    ("QC", "http://xml.media.reuters.com/g2-standards/taxonomies/QC/"),
    ("a1312cat", "http://cvx.iptc.org/anpa1312-category/"),
    ("a1312prio", "http://cvx.iptc.org/anpa1312-priority/"),
    ("a1312svc", "http://cvx.iptc.org/anpa1312-servicelevel/"),
    ("a1312vers", "http://cvx.iptc.org/anpa1312-version/"),
    ("acdc", "http://cv.iptc.org/newscodes/audiocodec/"),
    ("altidrole", "http://cv.iptc.org/newscodes/altidrole/"),
    ("aoprop", "http://cv.iptc.org/newscodes/aoproperty/"),
    ("app", "http://cv.iptc.org/newscodes/application/"),
    ("aspfacet", "http://cv.iptc.org/newscodes/asportfacet/"),
    ("aspfacetvalue", "http://cv.iptc.org/newscodes/asportfacetvalue/"),
    ("authoritystatus", "http://cv.iptc.org/newscodes/authoritystatus/"),
    ("bcp47", "http://cvx.iptc.org/bcp47/"),
    ("catinat", "http://cv.iptc.org/newscodes/catinature/"),
    ("chprop", "http://cv.iptc.org/newscodes/characteristicsproperty/"),
    ("cinat", "http://cv.iptc.org/newscodes/cinature/"),
    ("ciprol", "http://cv.iptc.org/newscodes/contactinfopartrole/"),
    ("colin", "http://cv.iptc.org/newscodes/colourindicator/"),
    ("colsp", "http://cv.iptc.org/newscodes/colorspace/"),
    ("conf", "http://cv.iptc.org/newscodes/confidence/"),
    ("cpnat", "http://cv.iptc.org/newscodes/cpnature/"),
    ("cpprole", "http://cv.iptc.org/newscodes/contentprodpartyrole/"),
    ("cptdefrole", "http://cv.iptc.org/newscodes/conceptdefinitionrole"),
    ("cptnoterole", "http://cv.iptc.org/newscodes/conceptnoterole/"),
    ("crel", "http://cv.iptc.org/newscodes/conceptrelation/"),
    ("ctech", "http://cv.iptc.org/newscodes/commtech/"),
    ("ctrol", "http://cv.iptc.org/newscodes/contributorrole/"),
    ("cusip", "http://cvx.iptc.org/cusip/"),
    ("cwarn", "http://cv.iptc.org/newscodes/contentwarning/"),
    ("dbpedia", "http://dbpedia.org/resource/"),
    ("digsrctype", "http://cv.iptc.org/newscodes/digitalsourcetype/"),
    ("dimensionunit", "http://cv.iptc.org/newscodes/dimensionunit/"),
    ("dpa7901rendition", "http://g2.dpa.com/cv/7901rendition/"),
    ("drol", "http://cv.iptc.org/newscodes/descriptionrole/"),
    ("dummy", "http://cv.iptc.org/newscodes/dummy/"),
    ("ecirol", "http://cv.iptc.org/newscodes/eventcontactinforole/"),
    ("edconf", "http://cv.iptc.org/newscodes/eventdateconfirm/"),
    ("ednoterole", "http://cv.iptc.org/newscodes/ednoterole"),
    ("encd", "http://cv.iptc.org/newscodes/encoding/"),
    ("entityprop", "http://cv.iptc.org/newscodes/entityproperty/"),
    ("eocstat", "http://cv.iptc.org/newscodes/eventoccurstatus/"),
    ("eorol", "http://cv.iptc.org/newscodes/eventorganiserrole/"),
    ("eprol", "http://cv.iptc.org/newscodes/eventparticipantrole/"),
    ("eregrol", "http://cv.iptc.org/newscodes/eventregrole/"),
    ("erol", "http://cv.iptc.org/newscodes/edrole/"),
    ("figi", "http://cvx.iptc.org/figi/"),
    ("fisymtype", "http://cv.iptc.org/newscodes/financialinstrumentsymboltype/"),
    ("freebase", "http://www.freebase.com"),
    ("frmt", "http://cv.iptc.org/newscodes/format/"),
    ("gen", "http://cv.iptc.org/newscodes/generic/"),
    ("genre", "http://cv.iptc.org/newscodes/genre/"),
    ("geonames", "http://sws.geonames.org/"),
    ("geonameshttps", "https://sws.geonames.org/"),
    ("gics", "http://cvx.iptc.org/gics/"),
    ("googletopicsv1", "http://cvx.iptc.org/googletopicsv1/"),
    ("googletopicsv2", "http://cvx.iptc.org/googletopicsv2/"),
    ("hashscope", "http://cv.iptc.org/newscodes/hashscope/"),
    ("hashtype", "http://cv.iptc.org/newscodes/hashtype/"),
    ("hatarget", "http://cv.iptc.org/newscodes/hopactiontarget/"),
    ("hopaction", "http://cv.iptc.org/newscodes/hopaction/"),
    ("howextr", "http://cv.iptc.org/newscodes/howextracted/"),
    ("howpr", "http://cv.iptc.org/newscodes/howpresent/"),
    ("iabadproduct10", "http://cvx.iptc.org/iabadproduct10/"),
    ("iabadproduct20", "http://cvx.iptc.org/iabadproduct20/"),
    ("iabaudience10", "http://cvx.iptc.org/iabaudience10/"),
    ("iabcontent20", "http://cvx.iptc.org/iabcontent20/"),
    ("iabcontent21", "http://cvx.iptc.org/iabcontent21/"),
    ("iabcontent22", "http://cvx.iptc.org/iabcontent22/"),
    ("iabcontent30", "http://cvx.iptc.org/iabcontent30/"),
    ("ikos", "http://cv.iptc.org/newscodes/ikos/"),
    ("imgregrole", "http://cv.iptc.org/newscodes/imageregionrole/"),
    ("imgregtype", "http://cv.iptc.org/newscodes/imageregiontype/"),
    ("impt", "http://cv.iptc.org/newscodes/importance/"),
    ("irel", "http://cv.iptc.org/newscodes/itemrelation/"),
    ("irep", "http://cv.iptc.org/newscodes/itemrepresentation/"),
    ("isin", "http://cvx.iptc.org/isin/"),
    ("iso3166-1a2", "http://cvx.iptc.org/iso3166-1a2/"),
    ("iso3166-1a3", "http://cvx.iptc.org/iso3166-1a3/"),
    ("iso3166-2", "http://cvx.iptc.org/iso3166-2/"),
    ("iso4217a", "http://cvx.iptc.org/iso4217a/"),
    ("iso4217n", "http://cvx.iptc.org/iso4217n/"),
    ("isrol", "http://cv.iptc.org/newscodes/infosourcerole/"),
    ("ivqu", "http://cv.iptc.org/newscodes/videoqualifier/"),
    ("lbtyp", "http://cv.iptc.org/newscodes/labeltype/"),
    ("loctyp", "http://cv.iptc.org/newscodes/location/"),
    ("loutorient", "http://cv.iptc.org/newscodes/layoutorientation/"),
    ("lrol", "http://cv.iptc.org/newscodes/languagerole/"),
    ("mb-artist", "http://musicbrainz.org/artist/"),
    ("mb-label", "http://musicbrainz.org/label/"),
    ("mb-recording", "http://musicbrainz.org/recording/"),
    ("mb-release", "http://musicbrainz.org/release/"),
    ("mb-releasegroup", "http://musicbrainz.org/release-group/"),
    ("medtop", "http://cv.iptc.org/newscodes/mediatopic/"),
    ("medtype", "http://cv.iptc.org/newscodes/mediatype1/"),
    ("mic", "http://cvx.iptc.org/iso10383-mic/"),
    ("mtyp", "http://cv.iptc.org/newscodes/mediatype/"),
    ("ncostat", "http://cv.iptc.org/newscodes/newscoveragestatus/"),
    ("ninat", "http://cv.iptc.org/newscodes/ninature/"),
    ("nityp", "http://cv.iptc.org/newscodes/newsitemtype/"),
    ("nmsig", "http://cv.iptc.org/newscodes/newsmsgsignal/"),
    ("not", "http://cv.iptc.org/newscodes/notation/"),
    ("nprod", "http://cv.iptc.org/newscodes/newsproduct/"),
    ("nprov", "http://cv.iptc.org/newscodes/newsprovider/"),
    ("nprt", "http://cv.iptc.org/newscodes/namepart/"),
    ("nrol", "http://cv.iptc.org/newscodes/namerole/"),
    ("oito", "http://cv.iptc.org/newscodes/ofinterestto/"),
    ("parasport", "http://cvx.iptc.org/parasport/"),
    ("pgrmod", "http://cv.iptc.org/newscodes/pkggroupmode/"),
    ("plinat", "http://cv.iptc.org/newscodes/plinature/"),
    ("plus", "http://ns.useplus.org/ldf/vocab/"),
    ("prio", "http://cv.iptc.org/newscodes/priority/"),
    ("prodgenre", "http://cv.iptc.org/newscodes/productgenre/"),
    ("prop", "http://cv.iptc.org/newscodes/property/"),
    ("prov", "http://cv.iptc.org/newscodes/provider/"),
    ("pst1", "http://cv.iptc.org/newscodes/status1/"),
    ("rcalctype", "http://cv.iptc.org/newscodes/rcalctype/"),
    ("rel", "http://cv.iptc.org/newscodes/relevance/"),
    ("riaspect", "http://cv.iptc.org/newscodes/riaspect/"),
    ("rightsprop", "http://cv.iptc.org/newscodes/rightsproperty/"),
    ("riscope", "http://cv.iptc.org/newscodes/riscope/"),
    ("rnd", "http://cv.iptc.org/newscodes/rendition/"),
    ("role1", "http://cv.iptc.org/newscodes/role1/"),
    ("rscaleunit", "http://cv.iptc.org/newscodes/rscaleunit/"),
    ("rtype", "http://cv.iptc.org/newscodes/ratertype/"),
    ("scn", "http://cv.iptc.org/newscodes/scene/"),
    ("secst", "http://cvx.iptc.org/secst/"),
    ("sedol", "http://cvx.iptc.org/sedol/"),
    ("sev", "http://cv.iptc.org/newscodes/severity/"),
    ("sig", "http://cv.iptc.org/newscodes/signal/"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("sov", "http://cv.iptc.org/newscodes/videoscaling/"),
    ("squ", "http://cv.iptc.org/newscodes/subjectqualifier/"),
    ("stat", "http://cv.iptc.org/newscodes/pubstatusg2/"),
    ("subj", "http://cv.iptc.org/newscodes/subjectcode/"),
    ("ticker", "http://cvx.iptc.org/ticker/"),
    ("tidm", "http://cvx.iptc.org/tidm/"),
    ("timeunit", "http://cv.iptc.org/newscodes/timeunit/"),
    ("tone", "http://cv.iptc.org/newscodes/tone/"),
    ("tpctyp", "http://cv.iptc.org/newscodes/topictype/"),
    ("trustindicator", "http://cv.iptc.org/newscodes/trustindicator/"),
    ("urgy", "http://cv.iptc.org/newscodes/urgency/"),
    ("useracttype", "http://cv.iptc.org/newscodes/useractiontype/"),
    ("valfmt", "http://cv.iptc.org/newscodes/valueformat/"),
    ("vcdc", "http://cv.iptc.org/newscodes/videocodec/"),
    ("videodef", "http://cv.iptc.org/newscodes/videodefinition/"),
    ("why", "http://cv.iptc.org/newscodes/whypresent/"),
    ("wikidata", "http://www.wikidata.org/entity/"),
    ("wldreg", "http://cv.iptc.org/newscodes/worldregion/"),
];

/// The vocabulary that an alias usually stands for, as the URI to which its codes are appended.
pub fn scheme(alias: &str) -> Option<&'static str> {
    SCHEMES.binary_search_by(|(own, _)| (*own).cmp(alias)).ok().map(|at| SCHEMES[at].1)
}

/// The URI of a concept by its code: `http://cv.iptc.org/newscodes/mediatopic/20000002` for `medtop:20000002`.
/// `None` if the alias is none that is built in.
pub fn resolve(code: &str) -> Option<String> {
    let (alias, rest) = code.trim().split_once(':')?;
    scheme(alias).map(|uri| format!("{uri}{rest}"))
}

/// Whether this has the form of a code: an alias, a colon, something behind it, and no space.
pub(super) fn is_code(text: &str) -> bool {
    text.split_once(':').is_some_and(|(alias, rest)| {
        !alias.is_empty()
            && !rest.is_empty()
            && !rest.starts_with("//")
            && !text.contains(char::is_whitespace)
    })
}

/// What the aliases of one item stand for.
pub(super) struct Codes<'a> {
    own: Vec<(&'a str, &'a str)>,
}

impl<'a> Codes<'a> {
    /// Reads the catalogs that stand in the item itself.
    pub(super) fn of(item: &'a Element<'a>) -> Self {
        let schemes = item.children_named("catalog").flat_map(|catalog| catalog.children_named("scheme"));
        let own =
            schemes.filter_map(|scheme| Some((scheme.attr("alias")?.trim(), scheme.attr("uri")?.trim())));
        Self { own: own.collect() }
    }

    /// A code under the usual alias of its vocabulary, so that it can be told whatever the agency's alias is and
    /// also where the whole URI is written. An alias that the item declares as something else becomes that URI.
    pub(super) fn usual<'c>(&self, code: &'c str) -> Cow<'c, str> {
        if code.starts_with("http://") || code.starts_with("https://") {
            return usual_of(code).map_or(Cow::Borrowed(code), Cow::Owned);
        }
        let Some((alias, rest)) = code.split_once(':') else { return Cow::Borrowed(code) };
        match self.own.iter().find(|(own, _)| *own == alias) {
            Some((_, uri)) if scheme(alias) != Some(uri) && !uri.is_empty() => {
                let whole = format!("{uri}{rest}");
                let usual = usual_of(&whole);
                // An alias that means nothing to anybody else stays as it is.
                match (usual, scheme(alias)) {
                    (Some(usual), _) => Cow::Owned(usual),
                    (None, Some(_)) => Cow::Owned(whole),
                    (None, None) => Cow::Borrowed(code),
                }
            }
            _ => Cow::Borrowed(code),
        }
    }
}

/// The code behind a concept's URI under its usual alias.
fn usual_of(uri: &str) -> Option<String> {
    let bare = uri.replacen("https://", "http://", 1);
    let longest =
        SCHEMES.iter().filter(|(_, scheme)| bare.starts_with(scheme)).max_by_key(|(_, s)| s.len())?;
    let rest = &bare[longest.1.len()..];
    (!rest.is_empty()).then(|| format!("{}:{rest}", longest.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[track_caller]
    fn check(catalog: &str, code: &str, expect: &str) {
        let item = format!("<newsItem><catalog>{catalog}</catalog></newsItem>");
        let item = crate::xml::parse(&item, &Limits::default()).expect("well-formed");
        assert_eq!(Codes::of(&item).usual(code), expect, "{catalog}");
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(SCHEMES.is_sorted());
        assert_eq!(
            resolve("medtop:20000002").as_deref(),
            Some("http://cv.iptc.org/newscodes/mediatopic/20000002")
        );
        assert_eq!((resolve("agx:1"), resolve("plain")), (None, None));
    }

    #[test]
    fn a_code_is_known_by_its_vocabulary_not_by_its_alias() {
        let other = r#"<scheme alias="ps" uri="http://cv.iptc.org/newscodes/pubstatusg2/"/>"#;
        let stolen = r#"<scheme alias="stat" uri="https://agency.example/cv/state/"/>"#;
        check("", "stat:usable", "stat:usable");
        check(other, "ps:canceled", "stat:canceled");
        check(stolen, "stat:usable", "https://agency.example/cv/state/usable");
        check("", "http://cv.iptc.org/newscodes/signal/correction", "sig:correction");
        check("", "https://cv.iptc.org/newscodes/pubstatusg2/withheld", "stat:withheld");
        check(r#"<scheme alias="agx" uri="https://agency.example/cv/"/>"#, "agx:kill", "agx:kill");
        check("", "plain", "plain");
    }
}
