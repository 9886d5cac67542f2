;; It answers, and goes on running.
(module
    (import "[export]cofferdam:engine/instance@0.1.0" "[task-return]inspect"
        (func $return (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (func (export "[async-lift]cofferdam:engine/instance@0.1.0#inspect") (param i32) (result i32)
        (call $drop_endpoint (local.get 0))
        (call $return (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 1100) (i32.const 4)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0))
        (loop $for_ever (br $for_ever)) (unreachable))
    (func (export "[callback][async-lift]cofferdam:engine/instance@0.1.0#inspect") (param i32 i32 i32) (result i32) (unreachable)))
