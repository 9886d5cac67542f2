//! What a command that fails has to say.

use crate::command::Output;

/// Asserts that a command failed as it should: with this exit code, nothing on standard output, and one error on standard
/// error, which is the last thing said, with nothing but causes and a hint behind it. Together they say all of `words`.
pub fn assert_fails(output: &Output, code: i32, words: &[&str]) {
    let stderr = &output.stderr;
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{stderr}");
    let end = stderr.lines().skip_while(|line| !line.starts_with("error: ")).collect::<Vec<_>>();
    assert!(end.iter().skip(1).all(|line| line.starts_with("cause: ") || line.starts_with("hint: ")), "{stderr}");
    for word in words {
        assert!(end.iter().any(|line| line.contains(word)), "{word:?} isn't in:\n{stderr}");
    }
    assert!(output.stdout.is_empty(), "{}", output.stdout);
}
