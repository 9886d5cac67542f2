;; A session that the plugin makes and drops by itself.
(module
    (import "[export]cofferdam:engine/backup@0.1.0" "[resource-new]session" (func $new (param i32) (result i32)))
    (import "[export]cofferdam:engine/backup@0.1.0" "[resource-drop]session" (func $drop (param i32)))
    (func (export "cofferdam:engine/backup@0.1.0#[dtor]session") (param i32)
        (loop $for_ever (br $for_ever)))
    (func $inspect (param i32) (result i32)
        (call $drop (call $new (i32.const 1))) (i32.const 1024)))
