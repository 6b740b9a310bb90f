//! Settings of encryption.

use super::*;

#[test]
fn a_certificate_needs_its_key_which_nobody_else_may_read() {
    insta::assert_snapshot!(refused("[tls]\ncertificate_file = \"c.pem\"\n"), @"t.toml:2: `tls.key_file` is empty, expected a PEM file, as `tls.certificate_file` names one");
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    std::fs::write(&key, "a key").unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let text = format!("[tls]\ncertificate_file = \"c.pem\"\nkey_file = \"{}\"\n", key.display());
    assert!(refused(&text).contains("can be read by every user of this machine"), "{}", refused(&text));
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(load_with(&text, &[], &[], &[]).unwrap().tls.is_some());
    assert!(Config::defaults().tls.is_none());
}
