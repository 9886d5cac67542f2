;; Waits for what only it could do, and does nothing but wait.
(module
    (import "[export]cofferdam:engine/backup@0.1.0" "[future-new-1][method]session.read" (func $future (result i64)))
    (import "[export]cofferdam:engine/backup@0.1.0" "[async-lower][future-read-1][method]session.read"
        (func $read_future (param i32 i32) (result i32)))
    (import "[export]cofferdam:engine/backup@0.1.0" "[stream-new-0][method]session.read" (func $stream (result i64)))
    (import "[export]cofferdam:engine/backup@0.1.0" "[async-lower][stream-read-0][method]session.read"
        (func $read_stream (param i32 i32 i32) (result i32)))
    (import "[export]cofferdam:engine/backup@0.1.0" "[async-lower][stream-write-0][method]session.read"
        (func $write_stream (param i32 i32 i32) (result i32)))
    (import "$root" "[waitable-set-new]" (func $new_set (result i32)))
    (import "$root" "[waitable-set-wait]" (func $wait (param i32 i32) (result i32)))
    (import "$root" "[waitable-join]" (func $join (param i32 i32)))
    (global $set (mut i32) (i32.const 0))
    ;; What came of it, once it has come: the event's second number.
    (func $waited (param $end i32) (param $begun i32) (result i32)
        (if (i32.ne (local.get $begun) (i32.const -1)) (then (return (local.get $begun))))
        (if (i32.eqz (global.get $set)) (then (global.set $set (call $new_set))))
        (call $join (local.get $end) (global.get $set))
        (drop (call $wait (global.get $set) (i32.const 3000)))
        (i32.load (i32.const 3004)))
    (func (export "cofferdam:engine/backup@0.1.0#[dtor]session") (param i32))
    (func $inspect (param i32) (result i32) (local $end i32)
        %waiting%
        (i32.const 1024)))
