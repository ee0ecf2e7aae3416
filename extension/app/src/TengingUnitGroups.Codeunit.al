// Keeps a unit group for each item and resource: Business Central does so only while its own connector is on.
codeunit 50164 "Tenging Unit Groups"
{
    Access = Internal;
    Permissions = tabledata "Unit Group" = ri;

    procedure NameOf(UnitGroup: Record "Unit Group"): Text[50]
    begin
        if UnitGroup."Source Type" = UnitGroup."Source Type"::Resource then
            exit('RESOURCE ' + UnitGroup."Source No." + ' UOM GR');
        exit('ITEM ' + UnitGroup."Source No." + ' UOM GR');
    end;

    procedure BaseUnitOf(SourceType: Enum "Unit Group Source Type"; SourceId: Guid): Code[10]
    var
        Item: Record Item;
        Resource: Record Resource;
    begin
        case SourceType of
            SourceType::Item:
                if Item.GetBySystemId(SourceId) then
                    exit(Item."Base Unit of Measure");
            SourceType::Resource:
                if Resource.GetBySystemId(SourceId) then
                    exit(Resource."Base Unit of Measure");
        end;
        exit('');
    end;

    procedure BaseUnitOfItem(ItemNo: Code[20]): Code[10]
    var
        Item: Record Item;
    begin
        Item.SetLoadFields("Base Unit of Measure");
        if Item.Get(ItemNo) then
            exit(Item."Base Unit of Measure");
        exit('');
    end;

    procedure BaseUnitOfResource(ResourceNo: Code[20]): Code[10]
    var
        Resource: Record Resource;
    begin
        Resource.SetLoadFields("Base Unit of Measure");
        if Resource.Get(ResourceNo) then
            exit(Resource."Base Unit of Measure");
        exit('');
    end;

    // Whoever made an item or a resource may have had no right to make its group.
    procedure CompleteMissing()
    var
        Item: Record Item;
        Resource: Record Resource;
        UnitGroup: Record "Unit Group";
    begin
        if not MayComplete() then
            exit;
        if UnitGroup.Count() < Item.Count() + Resource.Count() then
            CompleteSince(0DT)
        else
            CompleteSince(CreateDateTime(Today() - 30, 0T)); // a group whose item is gone may stand for a missing one
    end;

    procedure CompleteAll()
    begin
        CompleteSince(0DT);
    end;

    local procedure CompleteSince(Created: DateTime)
    var
        Item: Record Item;
        Resource: Record Resource;
        UnitGroup: Record "Unit Group";
    begin
        if Created <> 0DT then begin
            Item.SetFilter(SystemCreatedAt, '>=%1', Created);
            Resource.SetFilter(SystemCreatedAt, '>=%1', Created);
        end;
        if Item.FindSet() then
            repeat
                Complete(UnitGroup."Source Type"::Item, Item.SystemId, Item."No.");
            until Item.Next() = 0;
        if Resource.FindSet() then
            repeat
                Complete(UnitGroup."Source Type"::Resource, Resource.SystemId, Resource."No.");
            until Resource.Next() = 0;
    end;

    local procedure Complete(SourceType: Enum "Unit Group Source Type"; SourceId: Guid; SourceNo: Code[20])
    var
        UnitGroup: Record "Unit Group";
    begin
        if UnitGroup.Get(SourceType, SourceId) then
            exit;
        UnitGroup.Init();
        UnitGroup."Source Type" := SourceType;
        UnitGroup."Source Id" := SourceId;
        UnitGroup."Source No." := SourceNo;
        UnitGroup.Insert();
    end;

    // These run in everybody's session: who may not write groups is not kept from making items.
    local procedure MayComplete(): Boolean
    var
        UnitGroup: Record "Unit Group";
    begin
        exit(UnitGroup.ReadPermission() and UnitGroup.WritePermission());
    end;

    [EventSubscriber(ObjectType::Table, Database::Item, 'OnAfterInsertEvent', '', false, false)]
    local procedure AfterItemInserted(var Rec: Record Item; RunTrigger: Boolean)
    var
        UnitGroup: Record "Unit Group";
    begin
        if Rec.IsTemporary() or not MayComplete() then
            exit;
        Complete(UnitGroup."Source Type"::Item, Rec.SystemId, Rec."No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::Resource, 'OnAfterInsertEvent', '', false, false)]
    local procedure AfterResourceInserted(var Rec: Record Resource; RunTrigger: Boolean)
    var
        UnitGroup: Record "Unit Group";
    begin
        if Rec.IsTemporary() or not MayComplete() then
            exit;
        Complete(UnitGroup."Source Type"::Resource, Rec.SystemId, Rec."No.");
    end;
}
