;; Gives its thread back without having answered.
(module
    (import "$root" "[waitable-set-new]" (func $set (result i32)))
    (import "[export]cofferdam:engine/instance@0.1.0" "[task-return]inspect"
        (func $return (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (func $next (result i32) %next%)
    (func (export "[async-lift]cofferdam:engine/instance@0.1.0#inspect") (param i32) (result i32)
        (call $drop_endpoint (local.get 0)) (call $next))
    (func (export "[callback][async-lift]cofferdam:engine/instance@0.1.0#inspect") (param i32 i32 i32) (result i32)
        (call $next)))
