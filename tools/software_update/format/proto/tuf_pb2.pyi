import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HashFunction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN_HASH_FUNCTION: _ClassVar[HashFunction]
    SHA256: _ClassVar[HashFunction]

class CompressionAlgorithm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN_COMPRESSION: _ClassVar[CompressionAlgorithm]
    ZSTD: _ClassVar[CompressionAlgorithm]

class KeyType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN_KEY_TYPE: _ClassVar[KeyType]
    RSA: _ClassVar[KeyType]
    ED25519: _ClassVar[KeyType]
    ECDSA_SHA2_NISTP256: _ClassVar[KeyType]

class KeyScheme(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN_KEY_SCHEME: _ClassVar[KeyScheme]
    RSASSA_PSS_SHA256_SCHEME: _ClassVar[KeyScheme]
    ED25519_SCHEME: _ClassVar[KeyScheme]
    ECDSA_SHA2_NISTP256_SCHEME: _ClassVar[KeyScheme]
UNKNOWN_HASH_FUNCTION: HashFunction
SHA256: HashFunction
UNKNOWN_COMPRESSION: CompressionAlgorithm
ZSTD: CompressionAlgorithm
UNKNOWN_KEY_TYPE: KeyType
RSA: KeyType
ED25519: KeyType
ECDSA_SHA2_NISTP256: KeyType
UNKNOWN_KEY_SCHEME: KeyScheme
RSASSA_PSS_SHA256_SCHEME: KeyScheme
ED25519_SCHEME: KeyScheme
ECDSA_SHA2_NISTP256_SCHEME: KeyScheme

class SignedRootMetadata(_message.Message):
    __slots__ = ("serialized_root_metadata", "signatures")
    SERIALIZED_ROOT_METADATA_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    serialized_root_metadata: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, serialized_root_metadata: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class SignedTimestampMetadata(_message.Message):
    __slots__ = ("serialized_timestamp_metadata", "signatures")
    SERIALIZED_TIMESTAMP_METADATA_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    serialized_timestamp_metadata: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, serialized_timestamp_metadata: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class SignedSnapshotMetadata(_message.Message):
    __slots__ = ("serialized_snapshot_metadata", "signatures")
    SERIALIZED_SNAPSHOT_METADATA_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    serialized_snapshot_metadata: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, serialized_snapshot_metadata: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class SignedTargetsMetadata(_message.Message):
    __slots__ = ("serialized_targets_metadata", "signatures")
    SERIALIZED_TARGETS_METADATA_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    serialized_targets_metadata: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, serialized_targets_metadata: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class CommonMetadata(_message.Message):
    __slots__ = ("spec_version", "version", "expires", "role")
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    spec_version: str
    version: int
    expires: _timestamp_pb2.Timestamp
    role: str
    def __init__(self, spec_version: _Optional[str] = ..., version: _Optional[int] = ..., expires: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., role: _Optional[str] = ...) -> None: ...

class RootMetadata(_message.Message):
    __slots__ = ("common_metadata", "consistent_snapshot", "keys", "root_signature_requirement", "timestamp_signature_requirement", "snapshot_signature_requirement", "targets_signature_requirement", "allowed_targets", "dev_keys")
    COMMON_METADATA_FIELD_NUMBER: _ClassVar[int]
    CONSISTENT_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    ROOT_SIGNATURE_REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_SIGNATURE_REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_SIGNATURE_REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    TARGETS_SIGNATURE_REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TARGETS_FIELD_NUMBER: _ClassVar[int]
    DEV_KEYS_FIELD_NUMBER: _ClassVar[int]
    common_metadata: CommonMetadata
    consistent_snapshot: bool
    keys: _containers.RepeatedCompositeFieldContainer[KeyMapping]
    root_signature_requirement: SignatureRequirement
    timestamp_signature_requirement: SignatureRequirement
    snapshot_signature_requirement: SignatureRequirement
    targets_signature_requirement: SignatureRequirement
    allowed_targets: _containers.RepeatedScalarFieldContainer[str]
    dev_keys: bool
    def __init__(self, common_metadata: _Optional[_Union[CommonMetadata, _Mapping]] = ..., consistent_snapshot: _Optional[bool] = ..., keys: _Optional[_Iterable[_Union[KeyMapping, _Mapping]]] = ..., root_signature_requirement: _Optional[_Union[SignatureRequirement, _Mapping]] = ..., timestamp_signature_requirement: _Optional[_Union[SignatureRequirement, _Mapping]] = ..., snapshot_signature_requirement: _Optional[_Union[SignatureRequirement, _Mapping]] = ..., targets_signature_requirement: _Optional[_Union[SignatureRequirement, _Mapping]] = ..., allowed_targets: _Optional[_Iterable[str]] = ..., dev_keys: _Optional[bool] = ...) -> None: ...

class TimestampMetadata(_message.Message):
    __slots__ = ("common_metadata", "snapshot_metadata")
    COMMON_METADATA_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_METADATA_FIELD_NUMBER: _ClassVar[int]
    common_metadata: CommonMetadata
    snapshot_metadata: MetadataFile
    def __init__(self, common_metadata: _Optional[_Union[CommonMetadata, _Mapping]] = ..., snapshot_metadata: _Optional[_Union[MetadataFile, _Mapping]] = ...) -> None: ...

class SnapshotMetadata(_message.Message):
    __slots__ = ("common_metadata", "targets_metadata")
    COMMON_METADATA_FIELD_NUMBER: _ClassVar[int]
    TARGETS_METADATA_FIELD_NUMBER: _ClassVar[int]
    common_metadata: CommonMetadata
    targets_metadata: _containers.RepeatedCompositeFieldContainer[MetadataFile]
    def __init__(self, common_metadata: _Optional[_Union[CommonMetadata, _Mapping]] = ..., targets_metadata: _Optional[_Iterable[_Union[MetadataFile, _Mapping]]] = ...) -> None: ...

class TargetsMetadata(_message.Message):
    __slots__ = ("common_metadata", "target_files")
    COMMON_METADATA_FIELD_NUMBER: _ClassVar[int]
    TARGET_FILES_FIELD_NUMBER: _ClassVar[int]
    common_metadata: CommonMetadata
    target_files: _containers.RepeatedCompositeFieldContainer[TargetFile]
    def __init__(self, common_metadata: _Optional[_Union[CommonMetadata, _Mapping]] = ..., target_files: _Optional[_Iterable[_Union[TargetFile, _Mapping]]] = ...) -> None: ...

class Signature(_message.Message):
    __slots__ = ("key_id", "sig")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIG_FIELD_NUMBER: _ClassVar[int]
    key_id: bytes
    sig: bytes
    def __init__(self, key_id: _Optional[bytes] = ..., sig: _Optional[bytes] = ...) -> None: ...

class KeyMapping(_message.Message):
    __slots__ = ("key_id", "key")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    key_id: bytes
    key: Key
    def __init__(self, key_id: _Optional[bytes] = ..., key: _Optional[_Union[Key, _Mapping]] = ...) -> None: ...

class Key(_message.Message):
    __slots__ = ("key_type", "scheme", "keyval")
    KEY_TYPE_FIELD_NUMBER: _ClassVar[int]
    SCHEME_FIELD_NUMBER: _ClassVar[int]
    KEYVAL_FIELD_NUMBER: _ClassVar[int]
    key_type: KeyType
    scheme: KeyScheme
    keyval: bytes
    def __init__(self, key_type: _Optional[_Union[KeyType, str]] = ..., scheme: _Optional[_Union[KeyScheme, str]] = ..., keyval: _Optional[bytes] = ...) -> None: ...

class SignatureRequirement(_message.Message):
    __slots__ = ("key_ids", "threshold")
    KEY_IDS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    key_ids: _containers.RepeatedScalarFieldContainer[bytes]
    threshold: int
    def __init__(self, key_ids: _Optional[_Iterable[bytes]] = ..., threshold: _Optional[int] = ...) -> None: ...

class Hash(_message.Message):
    __slots__ = ("function", "hash")
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    function: HashFunction
    hash: bytes
    def __init__(self, function: _Optional[_Union[HashFunction, str]] = ..., hash: _Optional[bytes] = ...) -> None: ...

class TargetFile(_message.Message):
    __slots__ = ("file_name", "length", "hashes", "compression")
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    length: int
    hashes: _containers.RepeatedCompositeFieldContainer[Hash]
    compression: Compression
    def __init__(self, file_name: _Optional[str] = ..., length: _Optional[int] = ..., hashes: _Optional[_Iterable[_Union[Hash, _Mapping]]] = ..., compression: _Optional[_Union[Compression, _Mapping]] = ...) -> None: ...

class Compression(_message.Message):
    __slots__ = ("algorithm", "original_length", "original_sha256")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_LENGTH_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_SHA256_FIELD_NUMBER: _ClassVar[int]
    algorithm: CompressionAlgorithm
    original_length: int
    original_sha256: bytes
    def __init__(self, algorithm: _Optional[_Union[CompressionAlgorithm, str]] = ..., original_length: _Optional[int] = ..., original_sha256: _Optional[bytes] = ...) -> None: ...

class MetadataFile(_message.Message):
    __slots__ = ("file_name", "version", "length", "hashes")
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    version: int
    length: int
    hashes: _containers.RepeatedCompositeFieldContainer[Hash]
    def __init__(self, file_name: _Optional[str] = ..., version: _Optional[int] = ..., length: _Optional[int] = ..., hashes: _Optional[_Iterable[_Union[Hash, _Mapping]]] = ...) -> None: ...
