;; A restore session that is given a unit's stream, and attacks with it. Its call's parameters lie in
;; memory: the stream's handle stands at 100.
(module
    (import "[export]cofferdam:engine/restore@0.1.0" "[resource-new]session" (func $session (param i32) (result i32)))
    (import "[export]cofferdam:engine/restore@0.1.0" "[async-lower][stream-read-0][method]session.write"
        (func $begin_read (param i32 i32 i32) (result i32)))
    (import "[export]cofferdam:engine/restore@0.1.0" "[stream-cancel-read-0][method]session.write"
        (func $cancel (param i32) (result i32)))
    (import "[export]cofferdam:engine/restore@0.1.0" "[stream-drop-readable-0][method]session.write"
        (func $drop (param i32)))
    (import "$root" "[waitable-set-new]" (func $new_set (result i32)))
    (import "$root" "[waitable-set-wait]" (func $wait (param i32 i32) (result i32)))
    (import "$root" "[waitable-join]" (func $join (param i32 i32)))
    ;; "done", where an error stands beside a summary, which begins at a multiple of eight.
    (data (i32.const 1600) "\01") (data (i32.const 1616) "\4c\04\00\00\04\00\00\00")
    (global $set (mut i32) (i32.const 0))
    ;; What came of it, once it has come: the event's second number.
    (func $waited (param $end i32) (param $begun i32) (result i32)
        (if (i32.ne (local.get $begun) (i32.const -1)) (then (return (local.get $begun))))
        (if (i32.eqz (global.get $set)) (then (global.set $set (call $new_set))))
        (call $join (local.get $end) (global.get $set))
        (drop (call $wait (global.get $set) (i32.const 3000)))
        (i32.load (i32.const 3004)))
    (func $read (param $stream i32) (param i32 i32) (result i32)
        (call $waited (local.get $stream) (call $begin_read (local.get $stream) (local.get 1) (local.get 2))))
    (func (export "cofferdam:engine/restore@0.1.0#[dtor]session") (param i32))
    (func (export "cofferdam:engine/restore@0.1.0#[static]session.lead") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (i32.store8 (i32.const 1200) (i32.const 0))
        (i32.store (i32.const 1204) (call $session (i32.const 1)))
        (i32.const 1200))
    (func (export "cofferdam:engine/restore@0.1.0#[method]session.write") (param i32) (result i32)
        (local $stream i32)
        (local.set $stream (i32.load offset=100 (local.get 0)))
        %attack%
        (i32.const 1600)))
