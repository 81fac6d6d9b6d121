//! The layer: passes everything to the system's own and notes changes.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    path::{Path, PathBuf},
    ptr,
    sync::{Mutex, Once, PoisonError},
};

use rusqlite::ffi;

use crate::Event;

struct Recorder {
    folder: PathBuf,
    events: Vec<Event>,
}

static RECORDER: Mutex<Option<Recorder>> = Mutex::new(None);

/// Notes from now on what SQLite does to the files in `folder`, in the whole process.
///
/// # Panics
/// If SQLite refuses the layer.
pub fn record(folder: &Path) {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(install);
    *RECORDER.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(Recorder { folder: folder.to_owned(), events: Vec::new() });
}

/// Adds a note of the test.
pub fn mark(number: u64) {
    push(|_| Some(Event::Mark(number)));
}

/// Ends the notes and returns them.
pub fn stop() -> Vec<Event> {
    let recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner).take();
    recorder.map(|recorder| recorder.events).unwrap_or_default()
}

fn push(event: impl FnOnce(&Path) -> Option<Event>) {
    if let Some(recorder) = RECORDER.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        recorder.events.extend(event(&recorder.folder));
    }
}

/// An open file: what SQLite sees, its path if it has one, and after it in memory the file of the system's layer.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// From `Box::into_raw`, or null.
    path: *mut PathBuf,
}

/// The system's layer behind ours.
///
/// # Safety
/// `vfs` is the structure that [`install`] registered.
unsafe fn system(vfs: *mut ffi::sqlite3_vfs) -> *mut ffi::sqlite3_vfs {
    // SAFETY: `install` stores the pointer there; it is valid for the life of the process.
    unsafe { (*vfs).pAppData.cast() }
}

/// The system's file behind one of ours.
///
/// # Safety
/// `file` has the size that [`install`] asks for.
unsafe fn inner(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes, aligned for anything: ours, then the system's.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// The path of an open file, if it is one of those that are noted.
///
/// # Safety
/// `file` was opened by [`open`] and not closed.
unsafe fn path_of(file: *mut ffi::sqlite3_file) -> Option<PathBuf> {
    // SAFETY: `open` sets the field to null or to a box that `close` frees.
    unsafe { (*file.cast::<File>()).path.as_ref() }.cloned()
}

fn note(path: Option<PathBuf>, event: impl FnOnce(PathBuf) -> Event) {
    let Some(path) = path else { return };
    push(|folder| path.starts_with(folder).then(|| event(path)));
}

fn install() {
    // SAFETY: SQLite is initialised by the first call; the default layer exists and lives as long as the process.
    // The new structure is leaked, as SQLite requires, and its methods pass on to the system's layer.
    unsafe {
        assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK);
        let system = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!system.is_null(), "SQLite has a file layer");
        let layer = Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: (*system).szOsFile + size_of::<File>() as c_int,
            mxPathname: (*system).mxPathname,
            pNext: ptr::null_mut(),
            zName: c"recording".as_ptr(),
            pAppData: system.cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            // The rest of the system's layer does not look at the structure it is called with.
            xDlOpen: (*system).xDlOpen,
            xDlError: (*system).xDlError,
            xDlSym: (*system).xDlSym,
            xDlClose: (*system).xDlClose,
            xRandomness: (*system).xRandomness,
            xSleep: (*system).xSleep,
            xCurrentTime: (*system).xCurrentTime,
            xGetLastError: (*system).xGetLastError,
            xCurrentTimeInt64: (*system).xCurrentTimeInt64,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        });
        assert_eq!(ffi::sqlite3_vfs_register(Box::into_raw(layer), 1), ffi::SQLITE_OK);
    }
}

/// Calls a method of the system's layer; it has them all.
macro_rules! pass {
    ($target:expr, $method:ident $(, $arg:expr)*) => {
        match (*$target).$method {
            Some(method) => method($($arg),*),
            None => ffi::SQLITE_IOERR,
        }
    };
}

/// Path of a name that SQLite hands over; temporary files have none.
///
/// # Safety
/// `name` is null or a C string.
unsafe fn named(name: *const c_char) -> Option<PathBuf> {
    // SAFETY: as the caller promises.
    (!name.is_null()).then(|| PathBuf::from(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()))
}

// SAFETY of all functions below: SQLite calls them with the structure that `install` registered, with files that
// `open` filled and with buffers of the lengths it gives; they pass these on to the system's layer as they are.

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        let path = named(name);
        let is_new = path.as_ref().is_some_and(|path| !path.exists());
        let ours = file.cast::<File>();
        (*ours).base.pMethods = ptr::null();
        (*ours).path = ptr::null_mut();
        let status = pass!(system(vfs), xOpen, system(vfs), name, inner(file), flags, out_flags);
        if status == ffi::SQLITE_OK {
            if is_new && path.as_ref().is_some_and(|path| path.exists()) {
                note(path.clone(), |path| Event::Create { path });
            }
            (*ours).base.pMethods = &raw const METHODS;
            (*ours).path = path.map_or(ptr::null_mut(), |path| Box::into_raw(Box::new(path)));
        }
        status
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        let status = pass!(system(vfs), xDelete, system(vfs), name, sync_folder);
        if status == ffi::SQLITE_OK {
            note(named(name), |path| Event::Delete { path, durable: sync_folder != 0 });
        }
        status
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    result: *mut c_int,
) -> c_int {
    // SAFETY: see above.
    unsafe { pass!(system(vfs), xAccess, system(vfs), name, flags, result) }
}

unsafe extern "C" fn full_path(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    length: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: see above.
    unsafe { pass!(system(vfs), xFullPathname, system(vfs), name, length, out) }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Version 2 has shared memory, which logs need, and no memory-mapped reading.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Calls a method of the system's file behind `file`.
macro_rules! pass_file {
    ($file:expr, $method:ident $(, $arg:expr)*) => {{
        let inner = inner($file);
        pass!((*inner).pMethods, $method, inner $(, $arg)*)
    }};
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: see above; the path was boxed by `open`, and SQLite closes a file once.
    unsafe {
        let status = pass_file!(file, xClose);
        let ours = file.cast::<File>();
        if !(*ours).path.is_null() {
            drop(Box::from_raw((*ours).path));
            (*ours).path = ptr::null_mut();
        }
        status
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, out: *mut c_void, length: c_int, offset: i64) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xRead, out, length, offset) }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, bytes: *const c_void, length: c_int, offset: i64) -> c_int {
    // SAFETY: see above; `bytes` has `length` bytes.
    unsafe {
        let status = pass_file!(file, xWrite, bytes, length, offset);
        if status == ffi::SQLITE_OK {
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize);
            note(path_of(file), |path| Event::Write { path, offset: offset as usize, bytes: bytes.to_vec() });
        }
        status
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: see above.
    unsafe {
        let status = pass_file!(file, xTruncate, length);
        if status == ffi::SQLITE_OK {
            note(path_of(file), |path| Event::Truncate { path, length: length as usize });
        }
        status
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        let status = pass_file!(file, xSync, flags);
        if status == ffi::SQLITE_OK {
            note(path_of(file), |path| Event::Sync { path });
        }
        status
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xFileSize, out) }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xLock, level) }
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xUnlock, level) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xCheckReservedLock, out) }
}

unsafe extern "C" fn file_control(file: *mut ffi::sqlite3_file, operation: c_int, arg: *mut c_void) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xFileControl, operation, arg) }
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xSectorSize) }
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xDeviceCharacteristics) }
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xShmMap, page, size, extend, out) }
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xShmLock, offset, count, flags) }
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: see above.
    unsafe {
        let inner = inner(file);
        if let Some(method) = (*(*inner).pMethods).xShmBarrier {
            method(inner);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, remove: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { pass_file!(file, xShmUnmap, remove) }
}
