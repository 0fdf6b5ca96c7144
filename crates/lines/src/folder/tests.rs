use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;

use super::*;
use crate::fake::{Fake, Running, Seen};

const QUIET: Duration = Duration::from_millis(150);
const KNOWN: &str = r#"{"door":"folder","first":[],"sent":[]}"#;

struct Scene {
    folder: TempDir,
    fake: Fake,
}

impl Scene {
    fn new(fake: Fake) -> Self {
        Self { folder: TempDir::new().unwrap(), fake }
    }

    /// A folder whose feed is known, so that nothing in it is first contact.
    fn known() -> Self {
        Self::new(Fake::knowing(KNOWN))
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn door(&self) -> Folder {
        let look_every = Duration::from_millis(300);
        Folder { quiet: QUIET, look_every, ..Folder::new("agx-world".into(), self.path()) }
    }

    fn run(&self, door: Folder) -> Running {
        let fake = self.fake.clone();
        Running::start(|stop| door.run(fake, stop))
    }

    /// Runs, and returns when the folder is being listened to.
    async fn start(&self) -> Running {
        let running = self.run(self.door());
        self.fake.until("a first round", |fake| !fake.healths().is_empty()).await;
        running
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// Brings a file in by renaming it.
    fn rename_in(&self, name: &str, text: &str) {
        let part = self.path().join(format!(".{name}"));
        fs::write(&part, text).unwrap();
        fs::rename(part, self.path().join(name)).unwrap();
    }

    fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    fn names(&self, inside: &str) -> BTreeSet<String> {
        let Ok(names) = fs::read_dir(self.path().join(inside)) else { return BTreeSet::new() };
        names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect()
    }

    async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        self.fake.until(what, |_| so(self)).await;
    }
}

#[tokio::test]
async fn a_file_renamed_in_is_taken_and_moved_to_done() {
    let scene = Scene::known();
    let running = scene.start().await;
    scene.rename_in("a.xml", "storm");
    scene.until("it is done", |scene| scene.has("done/a.xml")).await;
    running.stop().await;
    let came = scene.fake.came();
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].text(), "storm");
    assert_eq!(came[0].door, Door::Folder { name: "a.xml".into() });
    assert!(!came[0].first_contact && !scene.has("a.xml"));
}

#[tokio::test]
async fn a_whole_file_need_not_lie_quiet() {
    let scene = Scene::known();
    let hour = Duration::from_secs(3_600);
    let running = scene.run(Folder { quiet: hour, look_every: hour, ..scene.door() });
    scene.fake.until("a first round", |fake| !fake.healths().is_empty()).await;
    scene.rename_in("renamed.xml", "one");
    scene.write("closed.xml", "two");
    scene.until("both are done", |scene| scene.names("done").len() == 2).await;
    running.stop().await;
}

#[tokio::test]
async fn a_file_written_slowly_is_taken_only_when_closed() {
    let scene = Scene::known();
    let running = scene.start().await;
    let mut file = File::create(scene.path().join("slow.xml")).unwrap();
    for part in ["one ", "two ", "three "] {
        sleep(3 * QUIET).await;
        file.write_all(part.as_bytes()).unwrap();
    }
    sleep(3 * QUIET).await;
    assert_eq!(scene.fake.came(), [], "it was taken while it was written");
    drop(file);
    scene.until("it is done", |scene| scene.has("done/slow.xml")).await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["one two three "]);
}

#[tokio::test]
async fn a_file_that_nobody_closes_is_taken_in_the_end() {
    let scene = Scene::known();
    let running = scene.start().await;
    let mut file = File::create(scene.path().join("open.xml")).unwrap();
    file.write_all(b"open").unwrap();
    scene.until("it is done", |scene| scene.has("done/open.xml")).await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["open"]);
}

#[tokio::test]
async fn a_file_linked_in_is_taken_when_quiet() {
    let scene = Scene::known();
    let running = scene.start().await;
    scene.write(".made", "linked");
    fs::hard_link(scene.path().join(".made"), scene.path().join("linked.xml")).unwrap();
    scene.until("it is done", |scene| scene.has("done/linked.xml")).await;
    running.stop().await;
}

#[tokio::test]
async fn unfinished_and_hidden_names_wait_for_their_renaming() {
    let scene = Scene::known();
    let names = ["a.xml.part", "b.tmp", "c.filepart", ".d.xml"];
    names.iter().for_each(|name| scene.write(name, name));
    let running = scene.start().await;
    scene.write("e.part", "e");
    scene.write("sentinel.xml", "sentinel");
    scene.until("the sentinel is done", |scene| scene.has("done/sentinel.xml")).await;
    sleep(4 * QUIET).await;
    assert_eq!(scene.fake.texts(), ["sentinel"]);
    fs::rename(scene.path().join("a.xml.part"), scene.path().join("a.xml")).unwrap();
    scene.until("the renamed one is done", |scene| scene.has("done/a.xml")).await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["sentinel", "a.xml.part"]);
}

#[tokio::test]
async fn a_file_moves_only_after_it_is_archived() {
    let scene = Scene::known();
    scene.fake.open(false);
    scene.write("a.xml", "storm");
    let running = scene.run(scene.door());
    sleep(6 * QUIET).await;
    assert!(scene.has("a.xml") && scene.names("done").is_empty());
    scene.fake.open(true);
    scene.until("it is done", |scene| scene.has("done/a.xml")).await;
    running.stop().await;
}

#[tokio::test]
async fn what_the_newsroom_refuses_stays_and_comes_again() {
    for refused in [Refused::Full, Refused::Busy] {
        let scene = Scene::known();
        scene.fake.refuse(Some(refused.clone()));
        scene.write("a.xml", "storm");
        let running = scene.run(scene.door());
        scene.until("it is reported", |scene| !scene.fake.troubles().is_empty()).await;
        assert!(scene.has("a.xml") && scene.names("done").is_empty());
        assert!(scene.fake.troubles()[0].contains(&refused.to_string()));
        scene.fake.refuse(None);
        scene.until("it is done", |scene| scene.has("done/a.xml")).await;
        running.stop().await;
        assert_eq!(scene.fake.texts(), ["storm"]);
    }
}

#[tokio::test]
async fn a_store_that_failed_ends_the_door_and_the_file_stays() {
    let scene = Scene::known();
    scene.fake.refuse(Some(Refused::Fatal("input/output error".into())));
    scene.write("a.xml", "storm");
    scene.run(scene.door()).ended().await;
    assert!(scene.has("a.xml") && scene.names("done").is_empty());
}

#[tokio::test]
async fn a_waiting_newsroom_does_not_keep_the_door_from_ending() {
    let scene = Scene::known();
    scene.fake.open(false);
    scene.write("a.xml", "storm");
    let running = scene.run(scene.door());
    sleep(3 * QUIET).await;
    running.stop().await;
    assert!(scene.has("a.xml"));
}

#[tokio::test]
async fn two_hundred_files_are_each_taken_once() {
    let scene = Scene::known();
    for i in 0..50 {
        scene.write(&format!("{i}.xml"), &i.to_string());
    }
    let running = scene.run(scene.door());
    for i in 50..200 {
        if i % 2 == 0 {
            scene.write(&format!("{i}.xml"), &i.to_string())
        } else {
            scene.rename_in(&format!("{i}.xml"), &i.to_string())
        }
        if i % 10 == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    }
    scene.until("all are done", |scene| scene.names("done").len() == 200).await;
    sleep(4 * QUIET).await;
    running.stop().await;
    let mut texts: Vec<usize> = scene.fake.texts().iter().map(|text| text.parse().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn ten_thousand_files_are_each_taken_once() {
    let scene = Scene::new(Fake::new());
    for i in 0..10_000 {
        scene.write(&format!("{i}.xml"), &i.to_string());
    }
    let running = scene.run(scene.door());
    scene.until("all have arrived", |scene| scene.fake.came().len() >= 10_000).await;
    scene.until("all are done", |scene| scene.names("").len() == 1).await;
    running.stop().await;
    let texts: BTreeSet<String> = scene.fake.texts().into_iter().collect();
    assert_eq!((texts.len(), scene.fake.came().len()), (10_000, 10_000));
    assert!(scene.fake.came().iter().all(|came| came.first_contact));
    assert_eq!(scene.fake.kept_cursor().as_deref(), Some(KNOWN));
}

#[tokio::test]
async fn files_arrive_in_the_order_of_their_writing_then_of_their_names() {
    let scene = Scene::known();
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    for (name, second) in [("d", 2), ("c", 1), ("b", 2), ("a", 3)] {
        scene.write(name, name);
        let file = File::options().append(true).open(scene.path().join(name)).unwrap();
        file.set_modified(epoch + Duration::from_secs(second)).unwrap();
    }
    let running = scene.run(scene.door());
    scene.until("all are done", |scene| scene.names("done").len() == 4).await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["c", "b", "d", "a"]);
}

#[tokio::test]
async fn what_lay_there_first_is_first_contact_and_nothing_else() {
    let scene = Scene::new(Fake::new());
    scene.write("old.xml", "old");
    let running = scene.run(scene.door());
    scene.until("the old one is done", |scene| scene.has("done/old.xml")).await;
    scene.write("new.xml", "new");
    scene.until("the new one is done", |scene| scene.has("done/new.xml")).await;
    running.stop().await;
    let firsts: Vec<bool> = scene.fake.came().iter().map(|came| came.first_contact).collect();
    assert_eq!(firsts, [true, false]);
    assert!(matches!(&scene.fake.seen()[0], Seen::Saved { after: None, .. }));
}

#[tokio::test]
async fn an_empty_folder_is_a_first_contact_too() {
    let scene = Scene::new(Fake::new());
    scene.start().await.stop().await;
    assert_eq!(scene.fake.kept_cursor().as_deref(), Some(KNOWN));
    scene.write("meanwhile.xml", "meanwhile");
    let running = scene.run(scene.door());
    scene.until("it is done", |scene| scene.has("done/meanwhile.xml")).await;
    running.stop().await;
    assert!(!scene.fake.came()[0].first_contact);
}

#[tokio::test]
async fn a_first_contact_cut_short_goes_on_after_the_start() {
    let scene = Scene::new(Fake::new());
    scene.fake.open(false);
    scene.write("old.xml", "old");
    let running = scene.run(scene.door());
    scene.until("it is met", |scene| scene.fake.kept_cursor().is_some()).await;
    running.stop().await;
    scene.write("new.xml", "new");
    scene.fake.open(true);
    let running = scene.run(scene.door());
    scene.until("both are done", |scene| scene.names("done").len() == 2).await;
    running.stop().await;
    let firsts: BTreeSet<(String, bool)> =
        scene.fake.came().iter().map(|came| (came.text().to_owned(), came.first_contact)).collect();
    assert_eq!(firsts, BTreeSet::from([("old".to_owned(), true), ("new".to_owned(), false)]));
}

#[tokio::test]
async fn nothing_is_taken_before_the_first_contact_is_kept() {
    let scene = Scene::new(Fake::new());
    scene.fake.refuse_cursor(Some(Refused::Full));
    scene.write("old.xml", "old");
    let running = scene.run(scene.door());
    scene.until("it is reported", |scene| !scene.fake.troubles().is_empty()).await;
    sleep(3 * QUIET).await;
    assert_eq!(scene.fake.came(), []);
    scene.fake.refuse_cursor(None);
    scene.until("it is done", |scene| scene.has("done/old.xml")).await;
    running.stop().await;
    assert!(scene.fake.came()[0].first_contact);
}

#[tokio::test]
async fn a_name_that_is_taken_in_done_gets_an_end() {
    let scene = Scene::known();
    let running = scene.start().await;
    for text in ["one", "two", "three"] {
        scene.rename_in("latest.xml", text);
        scene.until("it is gone", |scene| !scene.has("latest.xml")).await;
    }
    scene.until("all are done", |scene| scene.names("done").len() == 3).await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["one", "two", "three"]);
    let done = scene.names("done");
    assert!(done.iter().all(|name| name.starts_with("latest.xml")), "{done:?}");
    let mut texts: Vec<String> =
        done.iter().map(|name| fs::read_to_string(scene.path().join("done").join(name)).unwrap()).collect();
    texts.sort();
    assert_eq!(texts, ["one", "three", "two"]);
}

#[tokio::test]
async fn a_long_name_is_cut_for_its_end() {
    let scene = Scene::known();
    let running = scene.start().await;
    let name = "n".repeat(255);
    for text in ["one", "two"] {
        fs::write(scene.path().join(".next"), text).unwrap();
        fs::rename(scene.path().join(".next"), scene.path().join(&name)).unwrap();
        scene.until("it is gone", |scene| !scene.has(&name)).await;
    }
    running.stop().await;
    assert_eq!(scene.names("done").len(), 2);
}

#[tokio::test]
async fn links_folders_and_pipes_are_not_taken_but_named() {
    let scene = Scene::known();
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    symlink(outside.path().join("secret"), scene.path().join("link.xml")).unwrap();
    fs::create_dir(scene.path().join("inner")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        scene.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let running = scene.run(scene.door());
    scene.write("a.xml", "storm");
    scene.until("the file is done", |scene| scene.has("done/a.xml")).await;
    scene.until("it is reported", |scene| !scene.fake.troubles().is_empty()).await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["storm"]);
    let told = scene.fake.troubles().remove(0);
    for part in ["`link.xml` is a symbolic link", "`inner` is a folder", "`pipe` is a named pipe"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(scene.has("link.xml"));
}

#[tokio::test]
async fn a_file_above_the_limit_goes_to_refused() {
    let scene = Scene::known();
    let running = scene.run(Folder { max_bytes: 10, ..scene.door() });
    scene.rename_in("large.xml", "eleven byte");
    scene.rename_in("fits.xml", "ten bytes.");
    scene.until("both are away", |scene| scene.has("refused/large.xml") && scene.has("done/fits.xml")).await;
    scene
        .until("it is reported", |scene| scene.fake.troubles().iter().any(|told| told.contains("11 bytes")))
        .await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["ten bytes."]);
}

#[tokio::test]
async fn an_archived_file_that_cannot_be_moved_is_not_sent_again() {
    let scene = Scene::known();
    // A file where the folder should be: nothing can be moved into it.
    scene.write("x", "");
    fs::rename(scene.path().join("x"), scene.path().join("done")).unwrap();
    scene.rename_in("a.xml", "storm");
    let running = scene.run(scene.door());
    scene.until("it is remembered", |scene| scene.fake.kept_cursor().as_deref() != Some(KNOWN)).await;
    sleep(4 * QUIET).await;
    running.stop().await;
    let storms = |scene: &Scene| scene.fake.texts().iter().filter(|text| *text == "storm").count();
    assert_eq!(storms(&scene), 1);
    assert!(scene.fake.seen().iter().any(|seen| matches!(seen, Seen::Saved { after: Some(_), .. })));
    fs::remove_file(scene.path().join("done")).unwrap();
    let running = scene.run(scene.door());
    scene.until("it is done", |scene| scene.has("done/a.xml")).await;
    running.stop().await;
    assert_eq!(storms(&scene), 1);
    assert!(!scene.fake.troubles().is_empty());
}

#[tokio::test]
async fn what_grew_while_it_was_archived_is_sent_again_whole() {
    let scene = Scene::known();
    scene.rename_in("a.xml", "half");
    scene.fake.open(false);
    let running = scene.run(scene.door());
    sleep(4 * QUIET).await;
    let mut file = File::options().append(true).open(scene.path().join("a.xml")).unwrap();
    file.write_all(b" and half").unwrap();
    drop(file);
    scene.fake.open(true);
    scene.until("it is done", |scene| scene.has("done/a.xml")).await;
    running.stop().await;
    assert_eq!(scene.fake.texts().last().map(String::as_str), Some("half and half"));
}

#[tokio::test]
async fn a_missing_folder_is_made_and_made_again() {
    let mut scene = Scene::known();
    let outer = std::mem::replace(&mut scene.folder, TempDir::new().unwrap());
    let path = outer.path().join("wire/agx");
    let running = scene.run(Folder { path: path.clone(), ..scene.door() });
    scene.until("it is made", |_| path.is_dir()).await;
    fs::write(path.join("a.xml"), "one").unwrap();
    scene.until("it is done", |_| path.join("done/a.xml").exists()).await;
    fs::remove_dir_all(&path).unwrap();
    scene.until("it is made again", |_| path.is_dir()).await;
    fs::write(path.join("b.xml"), "two").unwrap();
    scene.until("it is done", |_| path.join("done/b.xml").exists()).await;
    running.stop().await;
    assert_eq!(scene.fake.texts(), ["one", "two"]);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.xml");
    fs::write(&path, "storm").unwrap();
    let ident = Ident::at(&path).unwrap();
    assert!(matches!(take(&path, &ident).unwrap(), Taken::Whole(bytes) if bytes == b"storm"));
    fs::write(&path, "storms").unwrap();
    assert!(matches!(take(&path, &ident).unwrap(), Taken::Changed));
    fs::remove_file(&path).unwrap();
    assert!(matches!(take(&path, &ident).unwrap(), Taken::Changed));
    symlink("/etc/hostname", &path).unwrap();
    assert!(matches!(take(&path, &ident).unwrap(), Taken::Changed));
}

#[test]
fn another_file_in_the_place_of_ours_is_never_moved_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.xml");
    fs::write(&path, "storm").unwrap();
    let found = Found { name: "a.xml".into(), ident: Ident::at(&path).unwrap() };
    fs::write(folder.path().join("b"), "another").unwrap();
    fs::rename(folder.path().join("b"), &path).unwrap();
    assert_eq!(put_away(folder.path(), DONE, &found).unwrap(), Put::Changed);
    assert_eq!(fs::read_to_string(&path).unwrap(), "another");
}

#[test]
fn a_cursor_that_cannot_be_read_is_no_first_contact() {
    for (kept, new) in [
        (None, true),
        (Some(r#"{"door":"poll","url":"https://wire.example/"}"#), true),
        (Some(KNOWN), false),
        (Some("{"), false),
    ] {
        assert_eq!(Memory::from_cursor(kept, &"agx".into()).is_new(), new, "{kept:?}");
    }
}

#[tokio::test]
async fn an_unreadable_file_is_named_and_taken_once_it_can_be_read() {
    let scene = Scene::known();
    scene.write(".a", "storm");
    let hidden = scene.path().join(".a");
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&hidden).is_ok() {
        return; // Nothing is unreadable to this user.
    }
    fs::rename(&hidden, scene.path().join("a.xml")).unwrap();
    let running = scene.run(scene.door());
    scene
        .until("it is reported", |scene| scene.fake.troubles().iter().any(|told| told.contains("`a.xml`")))
        .await;
    fs::set_permissions(scene.path().join("a.xml"), fs::Permissions::from_mode(0o600)).unwrap();
    scene.until("it is done", |scene| scene.has("done/a.xml")).await;
    running.stop().await;
}
