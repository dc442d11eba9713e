/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-disk.h"

typedef struct
{
  sqlite3_file base;
  sqlite3_file *real;
  ChatTestDisk *disk;
  gboolean is_log;
} DiskFile;

static int
next_operation (ChatTestDisk *disk)
{
  int number = g_atomic_int_add (&disk->operations, 1) + 1;
  int first = g_atomic_int_get (&disk->fail_at);

  if (first == 0 || number < first || number >= first + g_atomic_int_get (&disk->fail_count))
    return SQLITE_OK;
  return g_atomic_int_get (&disk->code);
}

#define REAL(file) (((DiskFile *)(file))->real)
#define DISK(file) (((DiskFile *)(file))->disk)

static int
disk_close (sqlite3_file *file)
{
  return REAL (file)->pMethods->xClose (REAL (file));
}

static int
disk_read (sqlite3_file *file, void *buffer, int length, sqlite3_int64 offset)
{
  /* a full disk can be read, a broken one can't */
  int code = g_atomic_int_get (&DISK (file)->code) == SQLITE_FULL ? SQLITE_OK : next_operation (DISK (file));

  if (code != SQLITE_OK)
    return SQLITE_IOERR_READ;
  return REAL (file)->pMethods->xRead (REAL (file), buffer, length, offset);
}

static int
disk_write (sqlite3_file *file, const void *buffer, int length, sqlite3_int64 offset)
{
  int code = next_operation (DISK (file));

  if (code != SQLITE_OK)
    return code == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  return REAL (file)->pMethods->xWrite (REAL (file), buffer, length, offset);
}

static int
disk_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  if (next_operation (DISK (file)) != SQLITE_OK)
    return SQLITE_IOERR_TRUNCATE;
  return REAL (file)->pMethods->xTruncate (REAL (file), size);
}

static void
wait_while_held (ChatTestDisk *disk)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&disk->lock);

  while (disk->held)
    g_cond_wait (&disk->let_go, &disk->lock);
}

static int
disk_sync (sqlite3_file *file, int flags)
{
  if (next_operation (DISK (file)) != SQLITE_OK)
    return SQLITE_IOERR_FSYNC;
  if (((DiskFile *)file)->is_log)
    {
      wait_while_held (DISK (file));
      g_atomic_int_inc (&DISK (file)->log_syncs);
    }
  /* the real one is left out: nothing here is about power cuts, and it takes its time */
  return SQLITE_OK;
}

static int
disk_file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return REAL (file)->pMethods->xFileSize (REAL (file), size);
}

static int
disk_lock (sqlite3_file *file, int lock)
{
  return REAL (file)->pMethods->xLock (REAL (file), lock);
}

static int
disk_unlock (sqlite3_file *file, int lock)
{
  return REAL (file)->pMethods->xUnlock (REAL (file), lock);
}

static int
disk_check_reserved_lock (sqlite3_file *file, int *reserved)
{
  return REAL (file)->pMethods->xCheckReservedLock (REAL (file), reserved);
}

static int
disk_file_control (sqlite3_file *file, int operation, void *argument)
{
  return REAL (file)->pMethods->xFileControl (REAL (file), operation, argument);
}

static int
disk_sector_size (sqlite3_file *file)
{
  return REAL (file)->pMethods->xSectorSize (REAL (file));
}

static int
disk_device_characteristics (sqlite3_file *file)
{
  return REAL (file)->pMethods->xDeviceCharacteristics (REAL (file));
}

static int
disk_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
  if (extend && next_operation (DISK (file)) != SQLITE_OK)
    return SQLITE_IOERR_SHMSIZE;
  return REAL (file)->pMethods->xShmMap (REAL (file), page, size, extend, memory);
}

static int
disk_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  return REAL (file)->pMethods->xShmLock (REAL (file), offset, n, flags);
}

static void
disk_shm_barrier (sqlite3_file *file)
{
  REAL (file)->pMethods->xShmBarrier (REAL (file));
}

static int
disk_shm_unmap (sqlite3_file *file, int remove)
{
  return REAL (file)->pMethods->xShmUnmap (REAL (file), remove);
}

static const sqlite3_io_methods disk_methods = {
  .iVersion = 2,
  .xClose = disk_close,
  .xRead = disk_read,
  .xWrite = disk_write,
  .xTruncate = disk_truncate,
  .xSync = disk_sync,
  .xFileSize = disk_file_size,
  .xLock = disk_lock,
  .xUnlock = disk_unlock,
  .xCheckReservedLock = disk_check_reserved_lock,
  .xFileControl = disk_file_control,
  .xSectorSize = disk_sector_size,
  .xDeviceCharacteristics = disk_device_characteristics,
  .xShmMap = disk_shm_map,
  .xShmLock = disk_shm_lock,
  .xShmBarrier = disk_shm_barrier,
  .xShmUnmap = disk_shm_unmap,
};

static int
disk_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  DiskFile *self = (DiskFile *)file;
  ChatTestDisk *disk = (ChatTestDisk *)vfs;
  int code;

  self->base.pMethods = NULL;
  /* a full disk lets files be opened */
  if (g_atomic_int_get (&disk->code) != SQLITE_FULL && next_operation (disk) != SQLITE_OK)
    return SQLITE_CANTOPEN;
  self->disk = disk;
  self->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  self->real = (sqlite3_file *)(self + 1);
  code = disk->real->xOpen (disk->real, name, self->real, flags, out_flags);
  if (self->real->pMethods != NULL)
    self->base.pMethods = &disk_methods;
  return code;
}

void
chat_test_disk_insert (ChatTestDisk *self)
{
  self->real = sqlite3_vfs_find (NULL);
  self->base = *self->real;
  self->base.zName = "failing-disk";
  self->base.pNext = NULL;
  self->base.szOsFile = (int)sizeof (DiskFile) + self->real->szOsFile;
  self->base.xOpen = disk_open;
  g_assert_cmpint (sqlite3_vfs_register (&self->base, 1), ==, SQLITE_OK);
}

void
chat_test_disk_remove (ChatTestDisk *self)
{
  sqlite3_vfs_unregister (&self->base);
  sqlite3_vfs_register (self->real, 1);
}

void
chat_test_disk_fail (ChatTestDisk *self, int nth, int count, int code)
{
  g_atomic_int_set (&self->fail_at, 0);
  g_atomic_int_set (&self->code, code);
  g_atomic_int_set (&self->fail_count, count);
  g_atomic_int_set (&self->operations, 0);
  g_atomic_int_set (&self->fail_at, nth);
}

static gboolean
let_go_cb (gpointer user_data)
{
  ChatTestDisk *self = user_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->held = FALSE;
  g_cond_broadcast (&self->let_go);
  return G_SOURCE_REMOVE;
}

void
chat_test_disk_hold (ChatTestDisk *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->held = TRUE;
  g_idle_add_full (G_PRIORITY_HIGH, let_go_cb, self, NULL);
}
