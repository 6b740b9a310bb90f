//! The README's path by hand, as it stands there: a broker, a client that is not ours, the service.

use std::path::Path;
use std::process::Command;

use crate::architecture::root;

use super::broker::broker;

/// What a reader does between the commands: waits until the service has worked.
const WAIT: &str = r#"last=$(($(wc -l < /tmp/tidvakt/town/registrations.jsonl) - 1))
for _ in $(seq 300); do
  kcat -C -e -q -b $BROKER -t tidvakt.progress.v1 | grep -F "\"assessed_through_offset\":$last," >/dev/null && break
  sleep 0.3
done"#;

#[test]
fn the_readmes_path_by_hand_leads_to_alerts() {
    let name = "kafka::readme::the_readmes_path_by_hand_leads_to_alerts";
    // It starts a broker of its own, but one at a time is enough for two cores.
    let Some((_, _alone)) = broker(name) else { return };
    if Command::new("kcat").arg("-V").output().is_err() {
        assert!(std::env::var_os("TEST_REQUIRE_KAFKA").is_none(), "{name}: `kcat` is missing");
        return println!("{name} not run: `kcat` is missing");
    }
    let folder = tempfile::tempdir().unwrap();
    let script = script(&folder.path().display().to_string());
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", &script]).current_dir(root()).output();
    let output = output.unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{complained}");
    assert!(said.contains(r#""grade":"hold""#), "no hold was published\n{complained}");
    let town = std::fs::read_to_string(folder.path().join("town/registrations.jsonl")).unwrap();
    let last = format!(r#""assessed_through_offset":{},"#, town.lines().count() - 1);
    assert!(said.contains(&last), "not all was assessed\n{complained}");
}

/// The block of the README with a `BROKER`, its prompts taken off, in a folder of the test's own.
fn script(folder: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```").find(|block| block.contains("BROKER=$(")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_tidvakt")).parent().unwrap();
    let mut script = format!("PATH={}:$PATH\n", program.display());
    for line in block.lines().skip(1) {
        if line.starts_with("$ kcat -C -e -q -b $BROKER -t tidvakt.alerts.v1") {
            script.push_str(WAIT);
            script.push('\n');
        }
        script.push_str(line.strip_prefix("$ ").unwrap_or(line));
        script.push('\n');
    }
    script.replace("/tmp/tidvakt", folder)
}
