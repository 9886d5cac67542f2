(module
    (import "[export]cofferdam:engine/backup@0.1.0" "[stream-new-0][method]session.read" (func $new (result i64)))
    (func (export "cofferdam:engine/backup@0.1.0#[dtor]session") (param i32))
    (func $inspect (param i32) (result i32)
        (loop $more (drop (call $new)) (br $more)) (unreachable)))
