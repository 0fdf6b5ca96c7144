//! IPTC NewsML 1.0 to 1.2: one `NewsML` element with one or several `NewsItem`s.
//!
//! | NewsML 1 | becomes |
//! |---|---|
//! | `ProviderId`, `DateId`, `NewsItemId`, or the `PublicIdentifier` without its revision | uri, always `urn:newsml:PROVIDER:DATE:ITEM` |
//! | `RevisionId` | version |
//! | `RevisionId/@Update` `A` or `U`, without a story | acted upon if it withdraws or withholds; else it waits for a person |
//! | `NewsManagement/Status`, `StatusWillChange` | pubStatus, not before, not after |
//! | `NewsItemType`, `Instruction`, `Genre` | signals; some of them kill or say that it is no story |
//! | `DerivedFrom`, `AssociatedWith`, `NewsItemRef` | references |
//! | `HeadLine`, `SubHeadLine`, `ByLine`, `ByLineTitle`, `DateLine` | headline, subhead, byline, dateline |
//! | `NewsLine` of any type (`AdvisoryLine` …), `Comment` | notes, never copy |
//! | `ContentItem/DataContent` (NITF, XHTML, loose paragraphs, HTML or plain text) | body |
//! | `ContentItem/@Href`, components of role `Caption` | renditions, captions |
//! | `RightsMetadata`, `CreditLine`, `CopyrightLine`, `RightsLine` | rights |
//!
//! A component may hold the story, a caption, a style sheet or notes for editors; only its `Role` tells. What has a
//! role that nobody knows waits for a person when there is no other story.
//!
//! **Dialects:** AFP leaves the paragraphs of NITF loose in `DataContent` (`bcNITF2.5`) and names pictures in
//! components of their own; what its Arabic service labels as a memorandum waits for a person. ATS and Kyodo declare a parameter entity for NITF's DTD, which is never fetched. ATS
//! ends the public identifier with `1N`. ANP and Belga write the status in lower and upper case. Belga's `DateId`
//! is the time of the revision and therefore no part of the uri, which is `urn:newsml:belga.be:ITEM`.
//!
//! ```
//! let wire = r#"<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>agx.example</ProviderId><DateId>20260314</DateId>
//!   <NewsItemId>1</NewsItemId><RevisionId PreviousRevision="0" Update="N">1</RevisionId></NewsIdentifier></Identification>
//!   <NewsManagement><NewsItemType FormalName="News"/><Status FormalName="Usable"/></NewsManagement><NewsComponent>
//!   <NewsLines><HeadLine>Bridge opens</HeadLine></NewsLines><NewsComponent><Role FormalName="Main"/><ContentItem>
//!   <DataContent><p>It is open.</p></DataContent></ContentItem></NewsComponent></NewsComponent></NewsItem></NewsML>"#;
//! let reading = wire::newsml_1::read(wire, &wire::Hints::default());
//! assert_eq!(reading.items[0].uri, "urn:newsml:agx.example:20260314:1");
//! assert_eq!(reading.items[0].copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! ```

mod bodies;
mod read;
mod shape;
#[cfg(test)]
mod tests;

pub use read::read;
