(module
    (import "[export]cofferdam:engine/backup@0.1.0" "[resource-new]session" (func $new (param i32) (result i32)))
    (func (export "cofferdam:engine/backup@0.1.0#[dtor]session") (param i32))
    (func $inspect (param i32) (result i32)
        (loop $more (drop (call $new (i32.const 1))) (br $more)) (unreachable)))
