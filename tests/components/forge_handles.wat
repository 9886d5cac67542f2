;; Connects by every number that could be a handle, but for its own.
(module
    (import "cofferdam:tcp/tcp@0.1.0" "[static]connection.connect" (func $connect (param i32 i32)))
    (func $inspect (param i32) (result i32)
        (call $connect (i32.add (local.get 0) (i32.const %offset%)) (i32.const 1200))
        (i32.const 1024)))
