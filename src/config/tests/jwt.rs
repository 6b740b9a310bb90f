//! Settings of access tokens.

use super::*;

#[test]
fn access_by_tokens_needs_an_issuer_and_asymmetric_algorithms() {
    let text = "[feed]\naccess = \"jwt\"\n[jwt]\nalgorithms = \"RS256, HS256\"\nleeway_seconds = 61\n";
    insta::assert_snapshot!(refused(text), @r#"
    default: `jwt.audience` is empty, expected text, as `feed.access` is `jwt`
    default: `jwt.issuer` is empty, expected text, as `feed.access` is `jwt`
    default: `jwt.keys_file` is empty, expected text, as `feed.access` is `jwt`
    t.toml:4: `jwt.algorithms` is `RS256, HS256`, expected some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA
    t.toml:5: `jwt.leeway_seconds` is 61, expected a whole number, 0 to 60 seconds
    "#);
    for wrong in ["none", "", "RS256,none", "HS512"] {
        let text = format!(
            "[http]\napi_access = \"jwt\"\n[jwt]\nissuer = \"i\"\naudience = \"a\"\nkeys_file = \"k\"\nalgorithms = \"{wrong}\"\n"
        );
        assert!(refused(&text).starts_with("t.toml:7: `jwt.algorithms` is "), "{wrong}");
    }
    assert!(Config::defaults().jwt.is_none());
}
